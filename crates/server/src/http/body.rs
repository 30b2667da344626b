//! The whole body of a request, with a bound on its length and on how long it may take.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use protocol::MAX_BODY_BYTES;
use std::time::Duration;

/// How long a body may take to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(10);

/// The body as bytes, at most [`MAX_BODY_BYTES`], within [`BODY_TIME`].
#[derive(Debug, Clone)]
pub struct WholeBody(pub Bytes);

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// 413: longer than allowed; nothing of it was looked at.
    #[error("the body is longer than {MAX_BODY_BYTES} bytes")]
    TooLarge,
    /// 408: it came too slowly.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// 400: the connection broke, or the chunks are malformed.
    #[error("the body did not arrive whole")]
    Broken,
}

impl BodyError {
    /// The status that it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for BodyError {
    fn into_response(self) -> Response {
        // The rest of the body is not read, so the connection cannot serve another request.
        (self.status(), [("connection", "close")], format!("{self}\n")).into_response()
    }
}

impl<S: Send + Sync> FromRequest<S> for WholeBody {
    type Rejection = BodyError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, BodyError> {
        let announced = request
            .headers()
            .get(axum::http::header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
            return Err(BodyError::TooLarge);
        }
        let body = Limited::new(request.into_body(), MAX_BODY_BYTES);
        match tokio::time::timeout(BODY_TIME, body.collect()).await {
            Err(_) => Err(BodyError::TooSlow),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
            Ok(Err(_)) => Err(BodyError::Broken),
            Ok(Ok(collected)) => Ok(Self(collected.to_bytes())),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{BODY_TIME, WholeBody};
    use axum::Router;
    use axum::body::Body;
    use axum::extract::Request;
    use axum::http::StatusCode;
    use axum::routing::post;
    use bytes::Bytes;
    use http_body_util::{BodyExt as _, Full};
    use hyper::body::Frame;
    use protocol::MAX_BODY_BYTES;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Duration;
    use tower::ServiceExt as _;

    async fn status(request: Request) -> StatusCode {
        let router = Router::new().route("/", post(|_body: WholeBody| async { StatusCode::OK }));
        router.oneshot(request).await.unwrap().status()
    }

    fn request(body: Body) -> Request {
        Request::post("/").body(body).unwrap()
    }

    #[tokio::test]
    async fn bodies_end_at_the_limit() {
        let check = async |size: usize, expect: StatusCode| {
            let full = || Full::new(Bytes::from(vec![b'x'; size]));
            assert_eq!(
                status(request(Body::new(full()))).await,
                expect,
                "{size}, length announced by the body"
            );
            let mut announced = request(Body::new(full()));
            announced.headers_mut().insert("content-length", size.to_string().parse().unwrap());
            assert_eq!(status(announced).await, expect, "{size}, announced");
        };
        check(0, StatusCode::OK).await;
        check(MAX_BODY_BYTES, StatusCode::OK).await;
        check(MAX_BODY_BYTES + 1, StatusCode::PAYLOAD_TOO_LARGE).await;
    }

    #[tokio::test]
    async fn an_announced_length_is_refused_unread() {
        let mut request = request(Dripping::body());
        request.headers_mut().insert("content-length", "70000".parse().unwrap());
        assert_eq!(status(request).await, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_cut_off() {
        let begun = tokio::time::Instant::now();
        assert_eq!(status(request(Dripping::body())).await, StatusCode::REQUEST_TIMEOUT);
        assert!(begun.elapsed() >= BODY_TIME && begun.elapsed() < BODY_TIME * 2);
    }

    #[tokio::test]
    async fn the_bytes_arrive_as_sent() {
        let router = Router::new().route("/", post(|body: WholeBody| async { body.0 }));
        let answer = router.oneshot(request(Body::from("as sent"))).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "as sent");
    }

    /// A byte a second, for ever.
    struct Dripping(tokio::time::Interval);

    impl Dripping {
        fn body() -> Body {
            Body::new(Self(tokio::time::interval(Duration::from_secs(1))))
        }
    }

    impl hyper::body::Body for Dripping {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.poll_tick(context).map(|_| Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }
}
