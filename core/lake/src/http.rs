//! HTTP for the object store: by `ureq`, which the program has already, with its one TLS.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use http_body_util::BodyExt as _;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use ureq::Agent;

/// A store that does not take the connection within this is away.
const CONNECT: Duration = Duration::from_secs(3);
/// One that says nothing for so long is, too.
const SILENT: Duration = Duration::from_secs(15);
/// A request and its answer take no longer: 60 MB at 1 MB/s.
const WHOLE: Duration = Duration::from_secs(60);
/// No object of ours is larger: 8 million readings take some 60 MB.
const ANSWER_MAX: u64 = 1 << 30;

/// Makes the client of a store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(SILENT))
            .timeout_global(Some(WHOLE))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("dipper/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(HttpClient::new(Service(config.into())))
    }
}

#[derive(Debug)]
struct Service(Agent);

impl HttpService for Service {
    fn call<'a, 'b>(
        &'a self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let answer = if body.is_empty() && head.method != ureq::http::Method::PUT {
                self.0.run(ureq::http::Request::from_parts(head, ()))
            } else {
                self.0.run(ureq::http::Request::from_parts(head, &body[..]))
            };
            let (head, mut body) = answer.map_err(fault)?.into_parts();
            let bytes = body.with_config().limit(ANSWER_MAX).read_to_vec().map_err(fault)?;
            Ok(HttpResponse::from_parts(head, bytes.into()))
        })
    }
}

fn fault(error: ureq::Error) -> HttpError {
    let kind = match &error {
        ureq::Error::Timeout(_) => HttpErrorKind::Timeout,
        ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => HttpErrorKind::Connect,
        _ => HttpErrorKind::Request,
    };
    HttpError::new(kind, error)
}
