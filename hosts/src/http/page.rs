//! What is served outside the pipeline of use cases: probes, metrics, documentation.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::{FutureExt, LocalBoxFuture};

/// The future of a page.
pub type PageServed = LocalBoxFuture<'static, HttpResponse>;

/// Answers GET and HEAD under a path, for everybody and without usage records. It still gets a
/// `Request-Id`, the common headers and a shield against panics.
#[derive(Clone)]
pub struct Page {
    /// Lower-case literals; may end in `/{*rest}` to serve everything below.
    pub path: String,
    /// Answers a request.
    pub serve: Arc<dyn Fn(HttpRequest) -> PageServed + Send + Sync>,
}

impl Page {
    /// Serves a path.
    pub fn new<F>(
        path: impl Into<String>,
        serve: impl Fn(HttpRequest) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = HttpResponse> + 'static,
    {
        let serve = Arc::new(move |request| serve(request).boxed_local());
        Self { path: path.into(), serve }
    }
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page").field("path", &self.path).finish_non_exhaustive()
    }
}
