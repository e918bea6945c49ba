//! A payment gateway for demonstrations and tests: a process of its own with a page for the payer, signed in both
//! directions. It takes no real money.

mod book;
pub mod protocol;

use std::future::Future;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use model::{Clock, PaymentId};
use serde::Deserialize;
use tokio::net::TcpListener;

use protocol::{Ask, BODY_MAX, SIGNATURE_HEADER, Standing, check, sign};

pub use book::{Book, Order};

/// The city is told again this often until it has heard.
const TELL_EVERY: Duration = Duration::from_millis(300);

/// How a notification is sent: address, body, signature; the status of the answer.
pub type Post = Arc<dyn Fn(&str, &[u8], &str) -> Result<u16, String> + Send + Sync>;

/// What a gateway is set up with.
pub struct GatewayPlan {
    /// The address it is reached at, for links.
    pub base: String,
    /// The secret shared with the city.
    pub secret: Vec<u8>,
    /// Where the city wants to be told.
    pub notify_url: String,
    /// How often each notification is sent: more than once, to see that it does no harm.
    pub repeat: u32,
}

struct Gateway {
    book: Mutex<Book>,
    plan: GatewayPlan,
    clock: Arc<dyn Clock>,
}

impl Gateway {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves a gateway on the listener until `stop` is done.
///
/// # Errors
/// When its folder cannot be used or the listener fails for good.
pub async fn serve_gateway(
    listener: TcpListener,
    folder: &FilePath,
    plan: GatewayPlan,
    clock: Arc<dyn Clock>,
    send: Post,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let gateway = Arc::new(Gateway { book: Mutex::new(Book::open(folder)?), plan, clock });
    let telling = tokio::spawn(tell(Arc::clone(&gateway), send));
    let router = Router::new()
        .route("/v1/ask", post(answer))
        .route("/pay/{payment}", get(page).post(decide))
        .route("/sums", get(sums))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(gateway);
    let served = axum::serve(listener, router).with_graceful_shutdown(stop).await;
    telling.abort();
    served
}

/// Tells the city what the payers answered, until it has heard.
async fn tell(gateway: Arc<Gateway>, send: Post) {
    let mut ticks = tokio::time::interval(TELL_EVERY);
    loop {
        ticks.tick().await;
        let untold = gateway.book().untold(&gateway.plan.base);
        for (version, told) in untold {
            let (gateway, send) = (Arc::clone(&gateway), Arc::clone(&send));
            let sending = tokio::task::spawn_blocking(move || {
                let Ok(body) = serde_json::to_vec(&told) else { return };
                for _ in 0..gateway.plan.repeat.max(1) {
                    let signature = sign(&gateway.plan.secret, gateway.clock.now(), &body);
                    if send(&gateway.plan.notify_url, &body, &signature) == Ok(200) {
                        gateway.book().heard(told.payment, version);
                    }
                }
            });
            if let Err(error) = sending.await {
                tracing::error!(%error, "a notification was not sent");
            }
        }
    }
}

/// `POST /v1/ask`: a signed question of the city.
async fn answer(State(gateway): State<Arc<Gateway>>, headers: HeaderMap, body: Bytes) -> Response {
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Err(error) = check(&gateway.plan.secret, gateway.clock.now(), &body, signature) {
        return (StatusCode::UNAUTHORIZED, error.to_string()).into_response();
    }
    let Ok(ask) = serde_json::from_slice::<Ask>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let told = gateway.book().answer(ask.payment, ask.what, &gateway.plan.base);
    let body = told.and_then(|told| Ok(serde_json::to_vec(&told)?));
    match body {
        Ok(body) => {
            let signature = sign(&gateway.plan.secret, gateway.clock.now(), &body);
            ([(header::CONTENT_TYPE.as_str(), "application/json"), (SIGNATURE_HEADER, signature.as_str())], body)
                .into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the journal cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `GET /sums`: orders whose money was taken and not given back, and how much, for whoever compares books.
async fn sums(State(gateway): State<Arc<Gateway>>) -> Response {
    let (count, amount) = gateway.book().sums();
    axum::Json(serde_json::json!({"captured": count, "amount": amount})).into_response()
}

fn find(gateway: &Gateway, payment: &str) -> Option<(PaymentId, Order)> {
    let payment: PaymentId = payment.parse().ok()?;
    let order = gateway.book().find(payment)?.clone();
    Some((payment, order))
}

/// `GET /pay/{payment}`: the payer's page.
async fn page(State(gateway): State<Arc<Gateway>>, Path(payment): Path<String>) -> Response {
    let Some((_, order)) = find(&gateway, &payment) else { return StatusCode::NOT_FOUND.into_response() };
    if order.standing != Standing::Open {
        return Redirect::to(&order.return_url).into_response();
    }
    let safety = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ];
    (safety, Html(pay_page(&order))).into_response()
}

/// What the payer sees. Demonstration first: nobody may take it for a bank.
fn pay_page(order: &Order) -> String {
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    format!(
        r#"<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>演示缴费 · Demo payment</title>
<style>body{{font:18px/1.6 system-ui,sans-serif;max-width:28rem;margin:0 auto;padding:1.5rem;color:#1d2733;background:#f4f6f8}}
main{{background:#fff;border:1px solid #cfd8e0;border-radius:14px;padding:1.5rem}}h1{{font-size:1.1rem;margin:0 0 1rem}}
.amount{{font-size:2.4rem;font-weight:700;margin:.5rem 0}}button{{font:inherit;min-height:48px;width:100%;border-radius:12px;margin-top:.75rem;border:1px solid #1f5fae;background:#fff;color:#1f5fae}}
button.yes{{background:#1f5fae;color:#fff}}small{{color:#52606d}}</style></head><body><main>
<h1>演示缴费，不会真的扣款 <br><small>A demonstration: no real money is taken</small></h1>
<div>{subject}</div><div class="amount">{yuan}.{fen:02} {currency}</div><small>{reference}</small>
<form method="post"><button class="yes" name="choice" value="agree">确认付款 · Pay</button><button name="choice" value="refuse">拒绝 · Refuse</button></form>
</main></body></html>"#,
        subject = escaped(&order.subject),
        yuan = order.amount / 100,
        fen = order.amount % 100,
        currency = escaped(&order.currency),
        reference = escaped(&order.reference),
    )
}

#[derive(Deserialize)]
struct Choice {
    choice: String,
}

/// `POST /pay/{payment}`: the payer agrees or refuses, and goes back.
async fn decide(
    State(gateway): State<Arc<Gateway>>,
    Path(payment): Path<String>,
    Form(choice): Form<Choice>,
) -> Response {
    let Ok(payment) = payment.parse::<PaymentId>() else { return StatusCode::NOT_FOUND.into_response() };
    match gateway.book().decide(payment, choice.choice == "agree") {
        Ok(Some(order)) => Redirect::to(&order.return_url).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "the journal cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
