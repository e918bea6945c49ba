//! Serving until told to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::app::App;
use crate::routes::router;

/// Serves every face on the listener until `stop` is done; then takes no new connection, ends the live streams, and
/// returns when the requests under way are answered.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    let stopping = async move {
        stop.await;
        app.close();
    };
    axum::serve(listener, service).with_graceful_shutdown(stopping).await
}
