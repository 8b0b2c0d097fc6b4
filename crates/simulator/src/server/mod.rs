//! The model behind a socket on loopback, with everything that can happen to an answer on its way.

mod clock;
mod connection;

pub use clock::Clock;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::Simulator;

/// More connections than this at once are closed unanswered.
const CONNECTIONS_MOST: usize = 256;

/// A simulator on a port of 127.0.0.1. It stops when it is dropped.
///
/// ```
/// use chrono::{Duration, Utc};
/// use message_trace_simulator::{Clock, Server, Settings, Simulator};
///
/// let simulator = Simulator::new(Settings::new(1, Utc::now() - Duration::days(2)));
/// let server = Server::start(simulator, Clock::wall(), 0)?;
/// assert!(server.base_url().starts_with("http://127.0.0.1:"));
/// let requests = server.with(|simulator| simulator.statistics().requests);
/// assert_eq!(requests, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    simulator: Mutex<Simulator>,
    pub(crate) clock: Clock,
    pub(crate) stops: AtomicBool,
    connections: AtomicUsize,
}

impl Shared {
    pub(crate) fn simulator(&self) -> MutexGuard<'_, Simulator> {
        // A test that failed while it held the simulator must not take the server with it.
        self.simulator.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Starts to listen on 127.0.0.1; port 0 lets the system choose.
    ///
    /// # Errors
    /// When the port is taken or the system gives no socket.
    pub fn start(simulator: Simulator, clock: Clock, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            simulator: Mutex::new(simulator),
            clock,
            stops: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
        });
        let acceptor = std::thread::Builder::new().name("simulator".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        })?;
        Ok(Self {
            shared,
            address,
            acceptor: Some(acceptor),
        })
    }

    /// `http://127.0.0.1:PORT`, for `--graph-url` and `--login-url`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.shared.clock
    }

    /// Does something with the simulator between two requests: inject a fault, read the statistics or the truth.
    pub fn with<T>(&self, act: impl FnOnce(&mut Simulator) -> T) -> T {
        act(&mut self.shared.simulator())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stops.store(true, Ordering::SeqCst);
        // The acceptor waits in accept(): one more connection wakes it.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stops.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if shared.connections.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MOST {
            shared.connections.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let for_thread = Arc::clone(shared);
        let started = std::thread::Builder::new()
            .name("simulator-connection".to_owned())
            .spawn(move || {
                // Whatever goes wrong with a connection is the client's to see.
                let _ = connection::serve(stream, &for_thread);
                for_thread.connections.fetch_sub(1, Ordering::SeqCst);
            });
        if started.is_err() {
            shared.connections.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
