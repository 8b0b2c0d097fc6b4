//! A connection that breaks now and then: before a message arrives, or before its acknowledgement does.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};

/// Passes bytes on to a server, and cuts connections by chance.
pub(crate) struct Relay {
    pub(crate) port: u16,
}

impl Relay {
    pub(crate) fn start(upstream: u16, seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let mut chance = fastrand::Rng::with_seed(seed);
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", upstream)) else {
                    continue;
                };
                // Half of the connections break, on the way there or back, after some bytes.
                let mut limit = |is_cut: bool| {
                    if is_cut {
                        chance.usize(500..20_000)
                    } else {
                        usize::MAX
                    }
                };
                let (there, back) = (seed.is_multiple_of(2), seed.is_multiple_of(3));
                let (there, back) = (limit(there), limit(back));
                let (client2, server2) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || pass(client, server, there));
                std::thread::spawn(move || pass(server2, client2, back));
            }
        });
        Self { port }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut limit: usize) {
    let mut buffer = [0; 4096];
    while let Ok(read) = from.read(&mut buffer) {
        let kept = read.min(limit);
        limit -= kept;
        if read == 0 || to.write_all(&buffer[..kept]).is_err() || limit == 0 {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
