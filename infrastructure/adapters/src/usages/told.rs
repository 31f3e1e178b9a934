//! What providers are told of a usage, whoever they are.

use application::{ports::Usage, usages::TIMESTAMP};
use domain::kernel::{Timestamp, UserId};

/// The tenant of what belongs to no organization.
const PLATFORM: &str = "platform";
/// Properties that are told in other words, or that only say whom a usage is about.
const TRANSLATED: [&str; 11] = [
    "UserIdOverride",
    "TenantIdOverride",
    "DefaultOrganizationId",
    "TenantId",
    "CallId",
    "Referrer",
    "ReferredBy",
    "Path",
    "Ip",
    "IpAddress",
    "UserAgent",
];

/// What sort of usage it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Login,
    Registration,
    Machine,
    Profile,
    OrganizationCreated,
    OrganizationUpdated,
    MembershipAdded,
    MembershipChanged,
    Other,
}

/// A usage, read.
pub(super) struct Told<'a> {
    pub usage: &'a Usage,
    pub sort: Sort,
    /// When it was; when it is told of, if it does not say.
    pub at: Timestamp,
}

/// What is told of a user.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Person<'a> {
    pub created_at: Option<Timestamp>,
    pub name: Option<&'a str>,
    pub email: Option<&'a str>,
    pub timezone: Option<&'a str>,
    pub country_code: Option<&'a str>,
    pub avatar: Option<&'a str>,
}

impl<'a> Told<'a> {
    pub fn new(usage: &'a Usage, now: Timestamp) -> Self {
        let sort = match usage.event_name.as_str() {
            "User Login" => Sort::Login,
            "User Registration Created" => Sort::Registration,
            "Machine Registered" => Sort::Machine,
            "User Profile Updated" => Sort::Profile,
            "Organization Created" => Sort::OrganizationCreated,
            "Organization Updated" => Sort::OrganizationUpdated,
            "Membership Added" => Sort::MembershipAdded,
            "Membership Changed" => Sort::MembershipChanged,
            _ => Sort::Other,
        };
        let told = usage.additional.get(TIMESTAMP).and_then(|text| Timestamp::parse(text).ok());
        Self { usage, sort, at: told.unwrap_or(now) }
    }

    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.usage.additional.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Whether a user's details can be told from it.
    pub fn identifies(&self) -> bool {
        let has = |name| self.get(name).is_some();
        match self.sort {
            Sort::Login => has("UserIdOverride"),
            Sort::Registration
            | Sort::Machine
            | Sort::OrganizationCreated
            | Sort::OrganizationUpdated => has("ResourceId"),
            Sort::Profile => has("ResourceId") && (has("Name") || has("EmailAddress")),
            Sort::MembershipAdded | Sort::MembershipChanged => {
                has("ResourceId") && has("TenantIdOverride")
            }
            Sort::Other => false,
        }
    }

    /// Whether it is told of the user's default organization, too.
    pub fn default_organization(&self) -> Option<&'a str> {
        let everywhere = matches!(self.sort, Sort::Login | Sort::Profile) && self.identifies();
        self.get("DefaultOrganizationId").filter(|_| everywhere)
    }

    pub fn user(&self) -> &'a str {
        match self.get("UserIdOverride").unwrap_or(&self.usage.for_id) {
            UserId::ANONYMOUS => "anonymous",
            user => user,
        }
    }

    pub fn tenant(&self) -> &'a str {
        let own = match self.sort {
            Sort::OrganizationCreated | Sort::OrganizationUpdated => self.get("ResourceId"),
            _ => None,
        };
        own.or_else(|| self.get("TenantIdOverride"))
            .or_else(|| self.get("TenantId"))
            .unwrap_or(PLATFORM)
    }

    pub fn person(&self) -> Person<'a> {
        let is_new =
            matches!(self.sort, Sort::Registration | Sort::Machine | Sort::MembershipAdded);
        let is_named = matches!(
            self.sort,
            Sort::Login
                | Sort::Registration
                | Sort::Machine
                | Sort::Profile
                | Sort::MembershipChanged
        );
        let named = |name| self.get(name).filter(|_| is_named);
        Person {
            created_at: is_new.then_some(self.at),
            name: named("Name"),
            email: named("EmailAddress"),
            timezone: self.get("Timezone"),
            country_code: self.get("CountryCode"),
            avatar: self.get("AvatarUrl"),
        }
    }

    /// Everything about the usage that has no name of its own with the providers.
    pub fn rest(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let about_user = matches!(self.sort, Sort::Login | Sort::Registration | Sort::Profile);
        let user = self.get("UserIdOverride").filter(|_| about_user);
        let others =
            self.usage.additional.iter().map(|(name, text)| (name.as_str(), text.as_str())).filter(
                move |(name, _)| {
                    !TRANSLATED.contains(name) && (user.is_none() || *name != "ResourceId")
                },
            );
        others.chain(user.map(|user| ("ResourceId", user)))
    }

    pub fn referrer(&self) -> Option<&'a str> {
        self.get("Referrer").or_else(|| self.get("ReferredBy"))
    }

    pub fn address(&self) -> Option<&'a str> {
        self.get("Ip").or_else(|| self.get("IpAddress"))
    }
}

/// What a browser says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Agent {
    pub browser: Option<&'static str>,
    pub version: Option<String>,
    pub os: Option<&'static str>,
    pub device: Option<&'static str>,
}

impl Agent {
    pub fn read(text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::default() };
        // Those that pretend to be others come first.
        let browsers = [
            ("Edg/", "Edge"),
            ("OPR/", "Opera"),
            ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("Version/", "Safari"),
        ];
        let browser = browsers.into_iter().find_map(|(mark, name)| {
            let (_, rest) = text.split_once(mark)?;
            let version: String =
                rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            let mut numbers = version.split('.').filter(|number| !number.is_empty());
            let major = numbers.next()?;
            let (minor, patch) = (numbers.next().unwrap_or("0"), numbers.next().unwrap_or("0"));
            Some((name, format!("{major}.{minor}.{patch}")))
        });
        let find = |marks: &[(&str, &'static str)]| {
            marks.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name)
        };
        let (browser, version) = browser.unzip();
        Self {
            browser,
            version,
            os: find(&[
                ("Windows", "Windows"),
                ("Android", "Android"),
                ("iPhone", "iOS"),
                ("iPad", "iOS"),
                ("Mac OS X", "Mac OS X"),
                ("Linux", "Linux"),
            ]),
            device: find(&[("iPhone", "iPhone"), ("iPad", "iPad"), ("Macintosh", "Mac")]),
        }
    }
}
