//! Durable writes through the page cache and past it: 4 KiB over a file that is there already, and
//! `fdatasync`, one at a time and 32 at a time.

use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use glommio_ng::io::{BufferedFile, DmaFile, OpenOptions};
use glommio_ng::{LocalExecutor, spawn_local};

const BLOCK: usize = 4096;
const BLOCKS: u64 = 4096;
const WRITES: u64 = 2000;

pub fn run(dir: &Path) {
    let path = dir.join(format!("glommio-soak-{}", std::process::id()));
    std::fs::write(&path, vec![0; BLOCK * BLOCKS as usize]).expect("a directory to write to");
    LocalExecutor::default().run(async {
        for round in 0..3 {
            for depth in [1, 32] {
                let mut options = OpenOptions::new();
                options.read(true).write(true);
                let direct = Rc::new(options.dma_open(&path).await.expect("just made"));
                let cached = Rc::new(options.buffered_open(&path).await.expect("just made"));
                let direct = rate(depth, |n| past_the_cache(direct.clone(), n)).await;
                let cached = rate(depth, |n| through_the_cache(cached.clone(), n)).await;
                println!(
                    "round {round}, depth {depth:>2}: direct {direct:>6.0}/s, cached {cached:>6.0}/s"
                );
            }
        }
    });
    std::fs::remove_file(&path).expect("just made");
}

async fn past_the_cache(file: Rc<DmaFile>, n: u64) {
    let mut buffer = file.alloc_dma_buffer(BLOCK);
    buffer.as_bytes_mut().fill(n as u8);
    file.write_at(buffer, n % BLOCKS * BLOCK as u64).await.expect("a write");
    file.fdatasync().await.expect("a sync");
}

async fn through_the_cache(file: Rc<BufferedFile>, n: u64) {
    let buffer = vec![n as u8; BLOCK];
    file.write_at(buffer, n % BLOCKS * BLOCK as u64).await.expect("a write");
    file.fdatasync().await.expect("a sync");
}

/// Writes a second, that many at a time.
async fn rate<F: Future<Output = ()> + 'static>(depth: u64, write: impl Fn(u64) -> F) -> f64 {
    let began = Instant::now();
    for first in (0..WRITES).step_by(depth as usize) {
        let writes: Vec<_> = (first..first + depth).map(|n| spawn_local(write(n))).collect();
        for write in writes {
            write.await;
        }
    }
    WRITES as f64 / began.elapsed().as_secs_f64()
}
