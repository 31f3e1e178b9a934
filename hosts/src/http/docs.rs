//! The documentation page: everything that it loads comes from this host.

use std::{borrow::Cow, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, http::header, web::Bytes};
use utoipa_swagger_ui::Config;

use super::{
    openapi,
    page::Page,
    reply::misdirected,
    route::{Route, Side},
};

const INDEX: &str = include_str!("docs/index.html");
const SETUP: &str = include_str!("docs/setup.js");
/// What the page loads of the user interface; the rest of the package is not served.
const ASSETS: &[&str] = &["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];
/// The document follows the binary.
const CHANGES: &str = "no-cache";
/// The user interface is large, and the same for many versions of the binary.
const SELDOM_CHANGES: &str = "public, max-age=3600";
/// Scripts, styles and calls go to this host alone; pictures in styles are `data:` URLs.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const ASSETS_PATH: &str = "/swagger-ui/{*rest}";

/// On hosts that don't answer queries: who has the document and the page.
#[must_use]
pub fn elsewhere() -> Vec<Page> {
    let page = |path| Page::new(path, |_| std::future::ready(misdirected(Side::Queries)));
    [openapi::PATH, "/", "/index.html", ASSETS_PATH].map(page).into()
}

/// The document, and the page that shows it at the root.
///
/// # Errors
/// If the document can't be written as JSON, which the tests rule out.
pub fn pages(title: &str, lists: &[(&str, &[Route])]) -> Result<Vec<Page>, serde_json::Error> {
    let document = Bytes::from(openapi::document(title, lists).to_json()?);
    let index = Bytes::from(INDEX.replace("{title}", title).replace("{document}", openapi::PATH));
    let html = move |_| answer("text/html; charset=utf-8", CHANGES, &index);
    Ok(vec![
        Page::new(openapi::PATH, move |_| answer("application/json", CHANGES, &document)),
        Page::new("/", html.clone()),
        Page::new("/index.html", html),
        Page::new(ASSETS_PATH, |request| asset(&request)),
    ])
}

fn answer(
    content_type: &str,
    cache: &'static str,
    bytes: &Bytes,
) -> std::future::Ready<HttpResponse> {
    let response = HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, cache))
        .body(bytes.clone());
    std::future::ready(response)
}

fn asset(request: &HttpRequest) -> std::future::Ready<HttpResponse> {
    let path = request.path();
    let name = path.rsplit('/').next().unwrap_or_default();
    if name == "setup.js" {
        let setup = Bytes::from(SETUP.replace("{document}", openapi::PATH));
        return answer("text/javascript; charset=utf-8", CHANGES, &setup);
    }
    let known = ASSETS.contains(&name) && path == format!("/swagger-ui/{name}");
    match known.then(|| utoipa_swagger_ui::serve(name, Arc::new(Config::from("")))) {
        Some(Ok(Some(file))) => {
            let bytes = match file.bytes {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            };
            answer(&file.content_type, SELDOM_CHANGES, &bytes)
        }
        _ => std::future::ready(HttpResponse::NotFound().finish()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{body::to_bytes, test::TestRequest};

    use super::*;
    use crate::routes;

    async fn fetch(path: &str) -> (u16, String, String) {
        let pages = pages("BackendWithAncillaryAPI", routes::ALL).expect("a document");
        let page = pages
            .iter()
            .find(|page| match page.path.strip_suffix("{*rest}") {
                Some(prefix) => path.starts_with(prefix),
                None => path == page.path,
            })
            .expect("a page");
        let response = (page.serve)(TestRequest::with_uri(path).to_http_request()).await;
        let status = response.status().as_u16();
        let policy = response.headers().get(header::CONTENT_SECURITY_POLICY);
        let policy = policy.map(|value| value.to_str().expect("text").to_owned());
        let body = to_bytes(response.into_body()).await.expect("a body");
        (status, policy.unwrap_or_default(), String::from_utf8_lossy(&body).into_owned())
    }

    #[actix_web::test]
    async fn the_page_loads_only_what_this_host_serves() {
        for path in ["/", "/index.html"] {
            let (status, policy, html) = fetch(path).await;
            assert_eq!(status, 200);
            assert!(policy.starts_with("default-src 'none'"), "{policy}");
            assert!(html.contains("<title>BackendWithAncillaryAPI</title>"), "{html}");
            assert!(html.contains("id=\"swagger-ui\""), "{html}");
            let quoted = html.split('"').filter(|part| part.contains('/') && !part.contains('<'));
            for loaded in quoted.filter(|part| *part != "image/png") {
                assert!(loaded.starts_with('/') && !loaded.starts_with("//"), "{loaded}");
                assert_eq!(fetch(loaded).await.0, 200, "{loaded}");
            }
        }
        assert!(fetch("/swagger-ui/setup.js").await.2.contains(openapi::PATH));
        assert!(fetch(openapi::PATH).await.2.contains("\"openapi\":\"3.1.0\""));
    }

    #[actix_web::test]
    async fn nothing_else_of_the_package_is_served() {
        for name in ["index.html", "swagger-ui-es-bundle.js", "x/swagger-ui.css", "..%2fsetup", ""]
        {
            assert_eq!(fetch(&format!("/swagger-ui/{name}")).await.0, 404, "{name}");
        }
    }
}
