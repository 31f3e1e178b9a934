//! Routes of testing builds.

use application::testing_only::{
    access::{
        AuthorizeByFeatureTestingOnly, AuthorizeByNothingTestingOnly, AuthorizeByRoleTestingOnly,
        GetCallerWithHMACTestingOnly, GetCallerWithPrivateInterHostTestingOnly,
        GetCallerWithTokenOrAPIKeyTestingOnly, GetInsecureTestingOnly, PostInsecureTestingOnly,
    },
    errors::{ErrorsErrorTestingOnly, ErrorsThrowTestingOnly},
    formats::FormatsTestingOnly,
    general::{GetTestingOnly, PostTestingOnly, SearchTestingOnly},
    openapi::{
        OpenApiGetTestingOnly, OpenApiPostFormUrlEncodedTestingOnly,
        OpenApiPostMultiPartFormDataTestingOnly, OpenApiPostTestingOnly, OpenApiPutTestingOnly,
    },
    platform::{AdvanceClockTestingOnly, DestroyAllRepositories, ResetClockTestingOnly},
    redirects::{GetWithRedirectTestingOnly, PostWithRedirectTestingOnly},
    simple::{
        ContentNegotiationsTestingOnly, DownloadStreamTestingOnly, GetWithSimpleArrayTestingOnly,
        PostWithEmptyBodyAndRequiredPropertiesTestingOnly, PostWithEmptyBodyTestingOnly,
        PostWithRouteParamsAndEmptyBodyTestingOnly, RequestCorrelationsTestingOnly,
    },
    statuses::{
        StatusesDeleteTestingOnly, StatusesDeleteWithResponseTestingOnly, StatusesGetTestingOnly,
        StatusesPostTestingOnly, StatusesPostWithLocationTestingOnly, StatusesPutPatchTestingOnly,
        StatusesSearchTestingOnly,
    },
    usages::ListUsagesTestingOnly,
    validations::{
        ValidationsUnvalidatedTestingOnly, ValidationsValidatedGetTestingOnly,
        ValidationsValidatedPostTestingOnly,
    },
};

use crate::http::route::{
    Encoding, Route, Side, Verb, delete, delete_with_answer, download, get, post, put, redirecting,
};

/// Everything under `/testingonly`.
pub const ROUTES: &[Route] = &[
    post::<DestroyAllRepositories>("/testingonly/repositories/destroy"),
    put::<AdvanceClockTestingOnly>("/testingonly/clock"),
    delete::<ResetClockTestingOnly>("/testingonly/clock"),
    // Whoever delivers knows.
    get::<ListUsagesTestingOnly>("/testingonly/usages").on(Side::Commands).unrecorded(),
    get::<GetCallerWithHMACTestingOnly>("/testingonly/authn/hmac/get"),
    get::<GetCallerWithPrivateInterHostTestingOnly>("/testingonly/authn/interhost/get")
        .undocumented(),
    get::<GetCallerWithTokenOrAPIKeyTestingOnly>("/testingonly/authn/token/get"),
    get::<AuthorizeByRoleTestingOnly>("/testingonly/authz/role/get"),
    get::<AuthorizeByFeatureTestingOnly>("/testingonly/authz/feature/get"),
    get::<AuthorizeByNothingTestingOnly>("/testingonly/authz/none/get"),
    get::<GetInsecureTestingOnly>("/testingonly/security/none"),
    post::<PostInsecureTestingOnly>("/testingonly/security/none"),
    get::<ContentNegotiationsTestingOnly>("/testingonly/negotiations/get"),
    post::<FormatsTestingOnly>("/testingonly/formats/roundtrip"),
    get::<RequestCorrelationsTestingOnly>("/testingonly/correlations/get"),
    get::<StatusesGetTestingOnly>("/testingonly/statuses/get"),
    get::<StatusesSearchTestingOnly>("/testingonly/statuses/search"),
    post::<StatusesPostWithLocationTestingOnly>("/testingonly/statuses/post1").created("alocation"),
    post::<StatusesPostTestingOnly>("/testingonly/statuses/post2"),
    put::<StatusesPutPatchTestingOnly>("/testingonly/statuses/putpatch"),
    delete::<StatusesDeleteTestingOnly>("/testingonly/statuses/delete1"),
    delete_with_answer::<StatusesDeleteWithResponseTestingOnly>("/testingonly/statuses/delete2"),
    get::<ErrorsErrorTestingOnly>("/testingonly/errors/error"),
    get::<ErrorsThrowTestingOnly>("/testingonly/errors/throws"),
    get::<ValidationsUnvalidatedTestingOnly>("/testingonly/validations/unvalidated"),
    get::<ValidationsValidatedGetTestingOnly>("/testingonly/validations/validated/{id}"),
    post::<ValidationsValidatedPostTestingOnly>("/testingonly/validations/validated/{id}")
        .created("alocation"),
    get::<GetTestingOnly>(
        "/testingonly/general/get/a/{anEnumRouteProperty}/b/{anIntRouteProperty}/c/{aStringRouteProperty}",
    ),
    post::<PostTestingOnly>(
        "/testingonly/general/post/a/{anEnumRouteProperty}/b/{anIntRouteProperty}/c/{aStringRouteProperty}",
    )
    .created("alocation"),
    get::<SearchTestingOnly>(
        "/testingonly/general/search/a/{anEnumRouteProperty}/b/{anIntRouteProperty}/c/{aStringRouteProperty}",
    ),
    get::<GetWithSimpleArrayTestingOnly>("/testingonly/general/get/array"),
    post::<PostWithEmptyBodyTestingOnly>("/testingonly/general/body/empty").created("alocation"),
    post::<PostWithEmptyBodyAndRequiredPropertiesTestingOnly>(
        "/testingonly/general/body/empty/required",
    )
    .created("alocation"),
    post::<PostWithRouteParamsAndEmptyBodyTestingOnly>(
        "/testingonly/general/body/{aStringProperty}/{aNumberProperty}/route",
    )
    .created("alocation"),
    redirecting::<GetWithRedirectTestingOnly, _>(Verb::Get, "/testingonly/redirect/get")
        .responding(&[(302, "Found")]),
    redirecting::<PostWithRedirectTestingOnly, _>(Verb::Post, "/testingonly/redirect/post")
        .responding(&[(302, "Found")]),
    download::<DownloadStreamTestingOnly>("/testingonly/download"),
    get::<OpenApiGetTestingOnly>("/testingonly/openapi/{id}"),
    post::<OpenApiPostTestingOnly>("/testingonly/openapi/{id}").created("alocation").responding(&[
        (409, "a custom conflict response which spills over to the next line"),
        (419, "a special response"),
    ]),
    put::<OpenApiPutTestingOnly>("/testingonly/openapi/{id}")
        .responding(&[(409, "a custom conflict response"), (419, "a special response")]),
    post::<OpenApiPostMultiPartFormDataTestingOnly>("/testingonly/openapi/{id}/form-data")
        .body(Encoding::Multipart)
        .created("alocation"),
    post::<OpenApiPostFormUrlEncodedTestingOnly>("/testingonly/openapi/{id}/urlencoded")
        .body(Encoding::UrlEncoded)
        .created("alocation"),
];
