//! What pages are drawn with: one style sheet, one small script, the mark. Served under the hash of
//! their content, so that browsers keep them for good.

use crate::administrators::secret::sha256;
use crate::app::App;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::{Arc, LazyLock};

/// A file that is part of the program.
pub(super) struct Asset {
    /// Where it is served.
    pub path: String,
    kind: &'static str,
    content: &'static str,
}

/// All of them.
pub(super) struct Assets {
    /// The style sheet.
    pub css: Asset,
    /// The script; every page works without it.
    pub js: Asset,
    /// The mark.
    pub mark: Asset,
}

pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    css: Asset::new("css", "text/css; charset=utf-8", include_str!("../../../assets/dashboard.css")),
    js: Asset::new("js", "text/javascript; charset=utf-8", include_str!("../../../assets/dashboard.js")),
    mark: Asset::new("svg", "image/svg+xml", include_str!("../../../../../art/icon.svg")),
});

impl Asset {
    fn new(ending: &str, kind: &'static str, content: &'static str) -> Self {
        let hash = sha256(content.as_bytes());
        let hash = protocol::encoding::encode(hash.get(..12).unwrap_or_default());
        Self { path: format!("/assets/{hash}.{ending}"), kind, content }
    }
}

/// They are public: they tell nothing.
pub(super) fn routes() -> Router<Arc<App>> {
    let mut router = Router::new();
    for asset in [&ASSETS.css, &ASSETS.js, &ASSETS.mark] {
        let answer = move || async move {
            let headers =
                [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, asset.content).into_response()
        };
        router = router.route(&asset.path, get(answer));
    }
    router
}
