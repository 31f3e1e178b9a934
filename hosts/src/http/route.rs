//! One endpoint is one entry of a list: `post::<RegisterCar>("/cars").created("/cars/{car.id}")`.
//!
//! Dispatch, authorization, the split into command and query hosts, `OpenAPI` and the tests of
//! authorization are all derived from these entries.

use std::{future::Future, pin::Pin};

use application::{
    App, Call, Error, Policy, Result, UseCase,
    use_case::{Download, Redirected},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

/// How an endpoint is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT and PATCH, the same.
    PutPatch,
    /// DELETE.
    Delete,
}

/// Where the fields of the input come from besides path and query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/json`; another type counts as no body.
    Json,
    /// `application/x-www-form-urlencoded`.
    UrlEncoded,
    /// `multipart/form-data`.
    Multipart,
}

/// Which hosts serve a route when commands and queries run apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Those that change something.
    Commands,
    /// Those that only read.
    Queries,
    /// Each, about itself.
    Every,
}

impl Side {
    /// Its name for operators and clients.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Commands => "commands",
            Self::Queries => "queries",
            Self::Every => "every",
        }
    }
}

/// What a use case answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nothing to say.
    Empty,
    /// JSON text.
    Json(String),
    /// Bytes as they are.
    Download(Download),
    /// Go there.
    Redirect(String),
}

/// The future of [`Serve`].
pub type Served<'a> = Pin<Box<dyn Future<Output = Result<Answer>> + Send + 'a>>;
/// Reads the input and runs the use case.
pub type Serve = for<'a> fn(&'a App, &'a Call, Value) -> Served<'a>;
/// Judges what came beside the input.
pub type Admit =
    for<'a> fn(&'a App, &'a Call) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;
/// A schema with its name and everything that it refers to.
pub type Describe = fn() -> Described;

/// See [`Describe`].
#[derive(Clone)]
pub struct Described {
    /// The name in the components of the document.
    pub name: String,
    /// The schema itself.
    pub schema: RefOr<Schema>,
    /// What it refers to, by name.
    pub components: Vec<(String, RefOr<Schema>)>,
}

/// One endpoint.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent mark of an endpoint")]
pub struct Route {
    /// How it is called.
    pub verb: Verb,
    /// Lower-case literals, `{name}` for parameters.
    pub path: &'static str,
    /// The use case's permanent name.
    pub name: &'static str,
    /// Who may call it.
    pub policy: Policy,
    /// Which hosts serve it.
    pub side: Side,
    /// Projections that it reads.
    pub reads: &'static [&'static str],
    /// Pattern of the `Location` of what was created; placeholders are paths into the answer.
    pub location: Option<&'static str>,
    /// How the body is read.
    pub encoding: Encoding,
    /// Whether the API documentation shows it.
    pub documented: bool,
    /// Whether it answers 200 where the method's default is another status.
    pub ok: bool,
    /// Whether each request is recorded as usage `http.request`.
    pub recorded: bool,
    /// Whether the answer holds a secret, so that it must not be kept for an `Idempotency-Key`.
    pub secret: bool,
    /// Whether it proves something by a password or a token, so that one address may ask less often,
    /// and neither a header nor an `Idempotency-Key` tells whether anything happened.
    pub guarded: bool,
    /// Documented responses besides the usual ones, or instead of them: status and description.
    pub responses: &'static [(u16, &'static str)],
    /// Judges a proof of its own, before anybody looks at the body.
    pub admit: Admit,
    /// Runs it.
    pub serve: Serve,
    /// Its input.
    pub input: Describe,
    /// Its answer; `None` for nothing or bytes.
    pub output: Option<Describe>,
}

impl Route {
    const fn new<U: UseCase + ToSchema>(
        verb: Verb,
        path: &'static str,
        serve: Serve,
        output: Option<Describe>,
    ) -> Self {
        Self {
            verb,
            path,
            name: U::NAME,
            policy: U::POLICY,
            side: match verb {
                Verb::Get => Side::Queries,
                Verb::Post | Verb::PutPatch | Verb::Delete => Side::Commands,
            },
            reads: U::READS,
            location: None,
            encoding: Encoding::Json,
            documented: true,
            ok: false,
            recorded: true,
            secret: false,
            guarded: false,
            responses: &[],
            admit: admit::<U>,
            serve,
            input: describe::<U>,
            output,
        }
    }
    /// Answers 201 with the `Location` of what was created. `{car.id}` in the pattern is the
    /// member `id` of the member `car` of the answer.
    #[must_use]
    pub const fn created(mut self, location: &'static str) -> Self {
        self.location = Some(location);
        self
    }
    /// Reads the body as a form.
    #[must_use]
    pub const fn body(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }
    /// Leaves it out of the API documentation.
    #[must_use]
    pub const fn undocumented(mut self) -> Self {
        self.documented = false;
        self
    }
    /// Answers 200 where the method's default is another status.
    #[must_use]
    pub const fn ok(mut self) -> Self {
        self.ok = true;
        self
    }
    /// Records no usage `http.request`: for what the product calls itself.
    #[must_use]
    pub const fn unrecorded(mut self) -> Self {
        self.recorded = false;
        self
    }
    /// The answer holds a secret: an `Idempotency-Key` is refused.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
    /// Proves something by a password or a token: one address may ask less often, and no header
    /// tells whether anything happened.
    #[must_use]
    pub const fn guarded(mut self) -> Self {
        self.guarded = true;
        self
    }
    /// Documents responses besides the usual ones, or describes a usual one in other words.
    #[must_use]
    pub const fn responding(mut self, responses: &'static [(u16, &'static str)]) -> Self {
        self.responses = responses;
        self
    }
    /// Is served elsewhere than its method says.
    #[must_use]
    pub const fn on(mut self, side: Side) -> Self {
        self.side = side;
        self
    }
    /// Whether it may change something.
    #[must_use]
    pub fn is_command(&self) -> bool {
        self.verb != Verb::Get
    }
}

/// A query.
#[must_use]
pub const fn get<U>(path: &'static str) -> Route
where
    U: UseCase<Output: Serialize + ToSchema> + ToSchema,
{
    Route::new::<U>(Verb::Get, path, serve::<U>, Some(describe::<U::Output>))
}

/// A command that creates or does something.
#[must_use]
pub const fn post<U>(path: &'static str) -> Route
where
    U: UseCase<Output: Serialize + ToSchema> + ToSchema,
{
    Route::new::<U>(Verb::Post, path, serve::<U>, Some(describe::<U::Output>))
}

/// A command that changes something; answers PUT and PATCH.
#[must_use]
pub const fn put<U>(path: &'static str) -> Route
where
    U: UseCase<Output: Serialize + ToSchema> + ToSchema,
{
    Route::new::<U>(Verb::PutPatch, path, serve::<U>, Some(describe::<U::Output>))
}

/// A command that deletes something and has nothing to say.
#[must_use]
pub const fn delete<U>(path: &'static str) -> Route
where
    U: UseCase<Output = ()> + ToSchema,
{
    Route::new::<U>(Verb::Delete, path, serve_nothing::<U>, None)
}

/// A command that deletes something and tells what is left.
#[must_use]
pub const fn delete_with_answer<U>(path: &'static str) -> Route
where
    U: UseCase<Output: Serialize + ToSchema> + ToSchema,
{
    Route::new::<U>(Verb::Delete, path, serve::<U>, Some(describe::<U::Output>))
}

/// A query that answers bytes.
#[must_use]
pub const fn download<U>(path: &'static str) -> Route
where
    U: UseCase<Output = Download> + ToSchema,
{
    Route::new::<U>(Verb::Get, path, serve_download::<U>, None)
}

/// Something that may send the caller elsewhere.
#[must_use]
pub const fn redirecting<U, T>(verb: Verb, path: &'static str) -> Route
where
    U: UseCase<Output = Redirected<T>> + ToSchema,
    T: Serialize + ToSchema + Send + 'static,
{
    Route::new::<U>(verb, path, serve_redirect::<U, T>, Some(describe::<T>))
}

fn describe<T: ToSchema>() -> Described {
    let mut components = Vec::new();
    T::schemas(&mut components);
    Described { name: T::name().into_owned(), schema: <T as PartialSchema>::schema(), components }
}

fn read<U: UseCase>(input: Value) -> Result<U> {
    serde_json::from_value(input).map_err(|error| {
        Error::refused(domain::kernel::ErrorKind::Invalid, "malformed_request", error.to_string())
    })
}

fn admit<'a, U: UseCase>(
    app: &'a App,
    call: &'a Call,
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
    Box::pin(U::admit(app, call))
}

fn serve<'a, U: UseCase<Output: Serialize>>(
    app: &'a App,
    call: &'a Call,
    input: Value,
) -> Served<'a> {
    Box::pin(async move {
        let output = read::<U>(input)?.run(app, call).await?;
        serde_json::to_string(&output).map(Answer::Json).map_err(Error::unexpected)
    })
}

fn serve_nothing<'a, U: UseCase<Output = ()>>(
    app: &'a App,
    call: &'a Call,
    input: Value,
) -> Served<'a> {
    Box::pin(async move { read::<U>(input)?.run(app, call).await.map(|()| Answer::Empty) })
}

fn serve_download<'a, U: UseCase<Output = Download>>(
    app: &'a App,
    call: &'a Call,
    input: Value,
) -> Served<'a> {
    Box::pin(async move { read::<U>(input)?.run(app, call).await.map(Answer::Download) })
}

fn serve_redirect<'a, U, T>(app: &'a App, call: &'a Call, input: Value) -> Served<'a>
where
    U: UseCase<Output = Redirected<T>>,
    T: Serialize + Send + 'static,
{
    Box::pin(async move {
        match read::<U>(input)?.run(app, call).await? {
            Redirected::To(location) => Ok(Answer::Redirect(location)),
            Redirected::Not(value) => {
                serde_json::to_string(&value).map(Answer::Json).map_err(Error::unexpected)
            }
        }
    })
}
