//! The effect of one event, for as long as it gets on.

use std::{pin::pin, time::Duration};

use application::{Call, Error, Result};
use domain::kernel::{DecodeError, ErrorKind};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{batch::describe_decode, error::ConsumerError};

/// How long it may take; where it takes many steps, each of them.
const LIMIT: Duration = Duration::from_secs(30);
/// How long it may still take when it is time to stop. What it did until then it skips next time.
const GRACE: Duration = Duration::from_secs(5);

/// Why an event could not be handled; holds no payload.
pub(super) struct Failure {
    pub text: String,
    /// Whether trying again can't help.
    pub is_final: bool,
    /// Whether a part of the effect came about.
    pub got_on: bool,
    /// Whether a part of it was looked at, which may take long by itself.
    pub looked: bool,
}

/// Waits for an effect. The outer error means that nothing can be done now, the inner that this
/// event fails.
pub(super) async fn finish(
    call: &Call,
    effect: impl Future<Output = Result<()>>,
    mut stop: watch::Receiver<bool>,
) -> std::result::Result<std::result::Result<(), Failure>, ConsumerError> {
    let mut effect = pin!(effect);
    let mut stopped = pin!(async {
        let _ = stop.wait_for(|stop| *stop).await;
        sleep(GRACE).await;
    });
    let failure = |text: String, is_final| {
        let steps = call.steps();
        let (got_on, looked) = (steps.effective > 0, steps.done > 0);
        Ok(Err(Failure { text, is_final, got_on, looked }))
    };
    loop {
        let before = call.steps();
        let ended = tokio::select! {
            ended = timeout(LIMIT, &mut effect) => ended,
            () = &mut stopped => return Err(ConsumerError::Stopped),
        };
        return match ended {
            Ok(Ok(())) => Ok(Ok(())),
            Ok(Err(error)) if error.kind() == Some(ErrorKind::Unavailable) => {
                Err(ConsumerError::Outage(error.to_string()))
            }
            Ok(Err(error)) => match unreadable(&error) {
                Some(why) => failure(why, true),
                None => failure(error.to_string(), false),
            },
            Err(_) if call.steps() != before => continue,
            Err(_) => failure(format!("took longer than {} seconds", LIMIT.as_secs()), false),
        };
    }
}

/// What is wrong with an event that can't be read.
fn unreadable(error: &Error) -> Option<String> {
    let Error::Unexpected(source) = error else { return None };
    source.downcast_ref::<DecodeError>().map(describe_decode)
}

#[cfg(test)]
mod tests {
    use application::Caller;

    use super::*;

    fn call() -> Call {
        Call::new(Caller::maintenance(), "a test".to_owned())
    }

    /// So many steps, of so many seconds each.
    async fn steps(call: &Call, count: u32, seconds: u64) -> Result<()> {
        for _ in 0..count {
            sleep(Duration::from_secs(seconds)).await;
            call.step(true);
        }
        Ok(())
    }

    fn going_on() -> (watch::Sender<bool>, watch::Receiver<bool>) {
        watch::channel(false)
    }

    #[tokio::test(start_paused = true)]
    async fn what_gets_on_may_take_as_long_as_it_takes() {
        let (call, (_going, stop)) = (call(), going_on());
        let done = finish(&call, steps(&call, 100, 20), stop).await;
        assert!(matches!(done, Ok(Ok(()))));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_get_on_fails() {
        let (call, (_going, stop)) = (call(), going_on());
        let effect = async {
            steps(&call, 3, 1).await?;
            std::future::pending().await
        };
        let Ok(Err(failure)) = finish(&call, effect, stop.clone()).await else {
            panic!("it failed")
        };
        assert_eq!(failure.text, "took longer than 30 seconds");
        assert!(failure.got_on && !failure.is_final);
        let nothing = finish(&self::call(), std::future::pending(), stop).await;
        assert!(matches!(nothing, Ok(Err(Failure { got_on: false, .. }))));
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_long_does_not_keep_the_host_from_stopping() {
        let (call, (going, stop)) = (call(), going_on());
        let effect = finish(&call, steps(&call, 100, 20), stop);
        let ((), stopped) = tokio::join!(
            async {
                sleep(Duration::from_secs(50)).await;
                going.send_replace(true);
            },
            effect
        );
        assert!(matches!(stopped, Err(ConsumerError::Stopped)));
        assert_eq!(call.steps().done, 2);
        let short = finish(&call, steps(&call, 1, 4), going.subscribe()).await;
        assert!(matches!(short, Ok(Ok(()))), "what was begun is finished");
    }
}
