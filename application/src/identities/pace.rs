//! Answers whose time tells nothing of what was found.

use std::time::Duration;

use crate::{App, Call, Result, use_case::Empty};

impl App {
    /// Does what must not tell, by the time that it takes, whether it found anybody: it is answered
    /// when a time is over that was drawn before, so that what was done does not show as long as it
    /// took less.
    pub(super) async fn at_its_pace<T>(
        &self,
        call: &Call,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let (least, most) = self.sign_in.delay;
        let work = async {
            let answer = work.await?;
            // Only who is unknown may leave something that is not written yet.
            self.flush(call).await?;
            Ok(answer)
        };
        no_sooner(self.secrets.between(least, most), work).await
    }

    /// The same where the answer is empty, also to who asks again with the same key.
    pub(super) async fn answer_nothing(
        &self,
        call: &Call,
        work: impl Future<Output = Result<Empty>>,
    ) -> Result<Empty> {
        let answering = async { self.or_first(call, work.await, Empty {}).await };
        self.at_its_pace(call, answering).await
    }
}

async fn no_sooner<T>(pace: Duration, work: impl Future<Output = T>) -> T {
    let (done, ()) = tokio::join!(work, tokio::time::sleep(pace));
    done
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_takes_less_takes_as_long_and_what_takes_more_takes_no_longer() {
        let second = Duration::from_secs;
        for (work, took) in [(0, 3), (2, 3), (5, 5)] {
            let begun = Instant::now();
            let refused = no_sooner(second(3), async {
                sleep(second(work)).await;
                Err::<(), _>("refused")
            });
            assert_eq!(refused.await, Err("refused"));
            assert_eq!(begun.elapsed(), second(took), "{work}");
        }
    }
}
