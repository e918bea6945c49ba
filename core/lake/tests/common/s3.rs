//! A server that speaks S3 over loopback, in this process: it checks signatures, and keeps objects as files.

#![allow(dead_code, reason = "the bench stops no server")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use dipper_lake::Objects;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub const KEY: &str = "dipper-test";
pub const SECRET: &str = "not-a-secret-of-anybody";

/// A server; it ends with this.
pub struct S3 {
    pub address: SocketAddr,
    root: PathBuf,
    runtime: Option<Runtime>,
}

impl S3 {
    pub fn start(root: &Path) -> Self {
        std::fs::create_dir_all(root.join("readings")).unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut server = Self { address: any, root: root.to_owned(), runtime: None };
        server.go_on();
        server
    }

    /// Listens, again at the same port.
    pub fn go_on(&mut self) {
        let runtime = Runtime::new().unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(&self.root).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = service.build();
        let listener = runtime.block_on(TcpListener::bind(self.address)).unwrap();
        self.address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    // Who asks sees it when a connection ends.
                    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        self.runtime = Some(runtime);
    }

    /// Hangs up on everybody and listens no more.
    pub fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(std::time::Duration::from_secs(1));
        }
    }

    pub fn objects(&self, secret: &str) -> Objects {
        let settings = [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
            ("AWS_REGION", "cn-test-1".to_owned()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_PAGER", "of another program".to_owned()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value));
        Objects::new("s3://readings/city/lake", settings).unwrap()
    }

    /// Where its objects are files.
    pub fn folder(&self) -> PathBuf {
        self.root.join("readings/city/lake")
    }
}
