use super::*;
use crate::routes;

#[test]
fn show() {
    println!("{}", document("BackendWithAncillaryAPI", routes::ALL).to_pretty_json().unwrap());
}
