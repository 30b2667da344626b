//! What a running server looks after: each half second keys and certificate that a command changed, and
//! the database's log; each hour what ends soon.

use super::{TlsFiles, announce};
use crate::app::App;
use crate::clock;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const HOUR: i64 = 3600;

pub(super) async fn run(app: Arc<App>, files: Arc<TlsFiles>, data: PathBuf) {
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut version = None;
    let mut announced = 0;
    loop {
        tick.tick().await;
        match app.store.data_version() {
            Ok(now) if version == Some(now) => {}
            Ok(now) => {
                match app.refresh_keys() {
                    Ok(true) => {
                        let keys = app.keys();
                        tracing::info!(
                            epoch = keys.list.epoch,
                            serial = keys.list.serial,
                            "New keys are in use"
                        );
                        files.look_again();
                    }
                    Ok(false) => {}
                    Err(error) => tracing::error!(error = %error, "The keys could not be read again"),
                }
                version = Some(now);
            }
            Err(error) => tracing::error!(error = %error, "The store does not answer"),
        }
        match files.refresh(&app.keys()) {
            Ok(true) => tracing::info!("A new certificate is in use"),
            Ok(false) => {}
            Err(error) => tracing::error!(error = %error, "The new certificate is not used"),
        }
        let now = clock::now();
        if now - announced >= HOUR {
            announced = now;
            if let Err(error) = announce::run(&app, &data, now).await {
                tracing::error!(error = %error, "What ends soon could not be announced");
            }
            if let Err(error) = app.store.forget_old_sign_ins(app.organisation, now).await {
                tracing::error!(error = %error, "Old counters of sign-ins could not be taken away");
            }
        }
        match app.store.end_watching(app.organisation, now).await {
            Ok(0) => {}
            Ok(services) => tracing::info!(services, "Watching came to its date"),
            Err(error) => tracing::error!(error = %error, "The end of watching could not be looked at"),
        }
        let store = app.store.clone();
        if let Ok(Err(error)) = tokio::task::spawn_blocking(move || store.checkpoint()).await {
            tracing::warn!(error = %error, "The database's log could not be written back");
        }
    }
}
