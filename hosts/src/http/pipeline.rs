//! The way of a request through the checks, in their decided order, to its use case and back.

use std::{net::IpAddr, time::Instant};

use actix_web::{HttpRequest, http::StatusCode, web::Bytes};
use application::{Access, Call, Error, Tenancy, caller::CallerKind, organizations::is_deleted};
use domain::kernel::{ErrorKind, UserId};
use serde_json::{Map, Value};

use super::{
    authentication::{Guard, authenticate, basic},
    binding::{Body, Parameters, bind},
    consistency::{expected_version, responds_async, settle, wait_for},
    crowd::network,
    idempotency,
    negotiation::{Format, negotiate},
    pairs::Pairs,
    problem::Problem,
    reply::Reply,
    shape::malformed,
    site::Site,
    table::{Endpoint, Raw, decoded},
    tenancy::{Places, detect},
};

/// What is known of a request so far; kept outside, so that it outlives a panic.
#[derive(Debug)]
pub struct Progress {
    /// The call of the use case.
    pub call: Call,
    /// How the answer is to be written.
    pub format: Format,
    /// The `id` of the input.
    pub resource: Option<String>,
}

/// Why a request was not answered as it wished.
#[derive(Debug)]
pub enum Refusal {
    /// A use case's error.
    Error(Error),
    /// What only HTTP knows.
    Problem(Box<Problem>),
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl Refusal {
    /// Whether the same request would be refused again.
    fn is_final(&self) -> bool {
        match self {
            Self::Error(error) => error.kind().is_some_and(|kind| kind != ErrorKind::Unavailable),
            Self::Problem(problem) => problem.status.is_client_error(),
        }
    }
}

/// A request whose endpoint is known.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Everything shared.
    pub site: &'a Site,
    /// What is asked for.
    pub endpoint: &'a Endpoint,
    /// The head of the request.
    pub request: &'a HttpRequest,
    /// The values of the path.
    pub raw: &'a Raw<'a>,
    /// The whole body.
    pub body: &'a Bytes,
    /// Where it comes from.
    pub address: Option<IpAddr>,
}

fn too_many() -> Error {
    let detail = "There are too many requests from here; slow down";
    Error::refused(ErrorKind::TooManyRequests, "too_many_requests", detail)
}

impl Asked<'_> {
    /// Checks the request, runs the use case and makes its answer.
    ///
    /// # Errors
    /// [`Refusal`] by the first check that fails, or by the use case.
    pub async fn answer(self, progress: &mut Progress) -> Result<Reply, Refusal> {
        let (site, headers) = (self.site, self.request.headers());
        let route = self.endpoint.route;
        let query = Pairs::parse(self.request.query_string());
        self.authenticate(&query, progress).await?;
        tracing::Span::current()
            .record("caller", tracing::field::display(&progress.call.caller.id));
        (route.admit)(&site.app, &progress.call).await?;
        let parameters = decoded(self.raw).ok_or_else(|| malformed("The path is not UTF-8"))?;
        let body = Body::read(route.verb, route.encoding, headers, self.body);
        let places = Places {
            header: headers.get("tenant").map(|tenant| tenant.to_str().unwrap_or("?")),
            path: &parameters,
            query: &query,
            body: &body,
        };
        let tenancy = route.policy.tenancy;
        progress.call.tenant = detect(tenancy, &places, &progress.call.caller)?;
        match self.admitted(progress, &query, &parameters, body).await {
            Err(refusal) => Err(self.of_deleted(&progress.call, refusal).await),
            answered => answered,
        }
    }

    /// Whoever may be here: what it may do, what it sent, and what comes of that.
    async fn admitted(
        &self,
        progress: &mut Progress,
        query: &Pairs<'_>,
        parameters: &Parameters<'_>,
        body: Body<'_>,
    ) -> Result<Reply, Refusal> {
        let (site, headers, route) = (self.site, self.request.headers(), self.endpoint.route);
        if !route.policy.allows(&progress.call.caller, progress.call.tenant.as_ref()) {
            let detail = "The caller lacks a role or feature that this operation needs";
            return Err(Error::refused(ErrorKind::Forbidden, "forbidden", detail).into());
        }
        progress.format = self.negotiate(query, &body)?;
        let mut input = bind(&self.endpoint.members, body, query, parameters)?;
        self.inject_tenant(&mut input, &progress.call);
        progress.resource = input.get("id").and_then(Value::as_str).map(str::to_owned);
        if route.is_command() {
            self.command(input, &mut progress.call).await
        } else {
            wait_for(&site.app, route, headers, &site.settings).await?;
            let answer = (route.serve)(&site.app, &progress.call, Value::Object(input)).await?;
            site.app.flush(&progress.call).await?;
            Ok(Reply::of(route, answer, &progress.call)?)
        }
    }

    /// That an organization is gone counts before what its members may do and what they sent. It is
    /// looked at when a wish is refused anyway, so that those that are granted cost no look.
    async fn of_deleted(&self, call: &Call, refusal: Refusal) -> Refusal {
        let is_asked = self.endpoint.route.policy.tenancy != Tenancy::Untenanted;
        let Some(tenant) = call.tenant.as_ref().filter(|_| is_asked && refusal.is_final()) else {
            return refusal;
        };
        if call.caller.kind == CallerKind::Anonymous {
            return refusal;
        }
        match is_deleted(&self.site.app, call, tenant).await {
            Ok(true) => Error::deleted().into(),
            Ok(false) | Err(_) => refusal,
        }
    }

    async fn authenticate(
        &self,
        query: &Pairs<'_>,
        progress: &mut Progress,
    ) -> Result<(), Refusal> {
        let site = self.site;
        let guard = Guard {
            authenticator: site.authenticator.as_ref(),
            recorder: site.app.recorder.as_ref(),
            refusals: &site.refusals,
        };
        self.check_address()?;
        let access = self.endpoint.route.policy.access;
        let headers = self.request.headers();
        if access == Access::Anonymous {
            progress.call.basic = basic(headers);
        }
        let known = authenticate(access, headers, query, self.body, guard, &progress.call).await?;
        if let Some(limiter) = &site.limiter {
            let now = Instant::now();
            let admitted = match &known {
                Some(caller) if caller.id.as_str() != UserId::ANONYMOUS => {
                    limiter.admits(&caller.id, now)
                }
                _ => limiter.admits(&self.address, now),
            };
            if !admitted {
                return Err(too_many().into());
            }
        }
        progress.call.caller = known.ok_or_else(|| {
            let detail = "This operation needs a valid proof of identity";
            Error::refused(ErrorKind::Unauthenticated, "unauthenticated", detail)
        })?;
        Ok(())
    }

    /// Whoever guesses passwords or tokens is slowed down, however many accounts it tries and
    /// whoever it is.
    fn check_address(&self) -> Result<(), Refusal> {
        let limiter = self.site.sign_in_limiter.as_ref().filter(|_| self.endpoint.route.guarded);
        match limiter {
            Some(limiter) if !limiter.admits(&self.address.map(network), Instant::now()) => {
                Err(too_many().into())
            }
            _ => Ok(()),
        }
    }

    fn negotiate(&self, query: &Pairs<'_>, body: &Body<'_>) -> Result<Format, Refusal> {
        let accept = self.request.headers().get("accept").map(|a| a.to_str().unwrap_or("?"));
        match negotiate(accept, query.get("format"), body.all("format").next()) {
            Some(format) => Ok(format),
            // Without a body there is nothing to disagree about.
            None if self.endpoint.outline.is_none() => Ok(Format::Json),
            None => Err(Refusal::Problem(Box::new(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Answers are application/json or application/xml",
            )))),
        }
    }

    /// The organization that was found fills the member that may name it.
    fn inject_tenant(&self, input: &mut Map<String, Value>, call: &Call) {
        let Some(tenant) = &call.tenant else { return };
        let name = match self.endpoint.route.policy.tenancy {
            Tenancy::Organization => "id",
            Tenancy::Tenanted | Tenancy::Untenanted => "organizationId",
        };
        if let Some((name, _)) = self.endpoint.members.get(name) {
            let empty = input.get(name).and_then(Value::as_str).is_none_or(str::is_empty);
            if empty {
                input.insert(name.to_owned(), Value::from(tenant.as_str()));
            }
        }
    }

    async fn command(&self, input: Map<String, Value>, call: &mut Call) -> Result<Reply, Refusal> {
        let (site, headers) = (self.site, self.request.headers());
        let route = self.endpoint.route;
        call.expected_version = expected_version(headers)?;
        let request = idempotency::Request {
            method: self.request.method().as_str(),
            path: self.request.uri().path(),
            query: self.request.query_string(),
            body: self.body,
            tenant: call.tenant.as_ref(),
        };
        let vault = site.app.vault.as_ref();
        call.idempotency = idempotency::key(headers, route, call, &request, vault)?;
        if let Some(key) = &call.idempotency
            && let Some(repeated) =
                idempotency::replay(&site.app, site.sealer.as_ref(), key).await?
        {
            let events = repeated.events.iter().map(|(aggregate, name)| (&**aggregate, &**name));
            return Ok(self.settled(repeated.reply, &events.collect::<Vec<_>>()).await);
        }
        let answer = (route.serve)(&site.app, call, Value::Object(input)).await?;
        site.app.flush(call).await?;
        let reply = Reply::of(route, answer, call)?;
        let events = call.receipt().events;
        if let Some(key) = &call.idempotency {
            idempotency::keep(&site.app, site.sealer.as_ref(), key, &reply, &events).await;
        }
        Ok(self.settled(reply, &events).await)
    }

    /// The reply when the read models show these events, or at once if the caller prefers that.
    async fn settled(&self, mut reply: Reply, events: &[(&str, &str)]) -> Reply {
        let site = self.site;
        if responds_async(self.request.headers()) {
            reply.respond_async = true;
        } else if let Some(position) = reply.position {
            settle(&site.app, events, position, &site.settings).await;
        }
        reply
    }
}
