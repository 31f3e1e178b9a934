//! x
pub fn file(_: &[&crate::http::route::Route]) -> String {
    String::new()
}
