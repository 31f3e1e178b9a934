//! The hash of passwords alone.

use std::{
    thread,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Params, Version};

use crate::Outcome;

/// Hashes per second with the parameters that hosts have by default, on as many threads as there
/// are cores.
pub fn per_second(duration: Duration) -> Outcome<f64> {
    let threads = thread::available_parallelism()?.get();
    let begun = Instant::now();
    let hash = move || -> Result<u32, argon2::Error> {
        let params = Params::new(19 * 1024, 2, 1, Some(32))?;
        let mut memory = vec![argon2::Block::default(); params.block_count()];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let (mut output, mut count) = ([0; 32], 0);
        while begun.elapsed() < duration {
            let salt = [7; 16];
            argon2.hash_password_into_with_memory(
                b"1Password!",
                &salt,
                &mut output,
                &mut memory,
            )?;
            count += 1;
        }
        Ok(count)
    };
    let running: Vec<_> = (0..threads).map(|_| thread::spawn(hash)).collect();
    let mut hashes = 0;
    for thread in running {
        let count = thread.join().map_err(|_| "a thread died")?;
        hashes += count.map_err(|error| error.to_string())?;
    }
    Ok(f64::from(hashes) / begun.elapsed().as_secs_f64())
}
