//! `groundwork ops people`: what is done about a person, at that person's wish.

use application::{
    Call, Caller,
    end_users::erase::{erase, erase_although_needed},
};
use clap::Subcommand;
use domain::kernel::{ErrorKind, UserId};

use super::printing::note;
use crate::{
    cli::Stop,
    compose::{Replacements, compose},
    config::Settings,
    roles::Roles,
};

/// What can be done about people.
#[derive(Subcommand)]
pub enum Command {
    /// Make everything personal of a user unreadable for ever, in the log and in every copy of it.
    Erase {
        /// The user, `user_…`.
        id: String,
        /// Yes, although it can't be undone.
        #[arg(long)]
        yes: bool,
        /// Also if an organization with other members loses its last owner, or whoever pays for it.
        #[arg(long)]
        although_needed: bool,
    },
}

/// Runs it. Hosts go on beside it, and follow within a minute.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(command: Command, settings: &Settings) -> Result<(), Stop> {
    let Command::Erase { id, yes, although_needed } = command;
    let user = UserId::parse(&id).map_err(|error| Stop::because("That is no user", error))?;
    if !yes {
        return Err(Stop(format!("Nobody can undo it: add --yes to erase {user}.")));
    }
    let composed = compose(settings, &Roles::working([]), Replacements::default()).await?;
    let call = Call::new(Caller::maintenance(), composed.app.ids.event_id().to_string());
    let erased = if although_needed {
        erase_although_needed(&composed.app, &call, &user).await
    } else {
        erase(&composed.app, &call, &user).await
    };
    composed.log.close().await;
    composed.stores.close().await;
    erased.map_err(|error| {
        let hint = match error.kind() {
            Some(ErrorKind::Rule) => "; or add --although-needed, and nobody will be left to do it",
            _ => "",
        };
        Stop::because(&format!("{user} could not be erased"), format!("{error}{hint}"))
    })?;
    note(format_args!("{user} was erased. Copies of the database for keys have to follow."));
    Ok(())
}
