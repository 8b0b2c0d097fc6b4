//! The one client.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{Request, Response};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy};
use zeroize::Zeroizing;

use super::error::{TransportError, TransportFault};
use super::link::{is_direct, is_pinned};
use message_trace_remedy::Remedy;

/// The largest body that is read, in bytes after decompression: 32 MiB. A page of 5,000 rows has about 2 MB.
pub const MAX_BODY_BYTES: u64 = 32 * 1024 * 1024;
/// The largest head of an answer, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Something that carries a request and brings its answer. Tests give one without a network.
pub trait Transport: Send + Sync {
    /// Sends the request and reads the whole answer. Any status is an answer; redirects are answers too.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError>;
}

/// How the client connects.
#[derive(Clone)]
pub struct ClientOptions {
    /// Time to connect, TLS included. Default: 10 s.
    pub connect_timeout: Duration,
    /// Time without a byte from the peer. Default: 30 s.
    pub read_timeout: Duration,
    /// Time for the whole request, its answer read. Default: 120 s.
    pub total_timeout: Duration,
    /// Largest body after decompression, in bytes. Default: [`MAX_BODY_BYTES`].
    pub max_body_bytes: u64,
    /// PEM file with certificate authorities to trust beside the platform's. Default: none.
    pub ca_file: Option<PathBuf>,
    /// Proxy for `https`, as in `HTTPS_PROXY`. May hold a password. Default: none.
    pub proxy: Option<String>,
    /// Hosts that are reached without the proxy, as in `NO_PROXY`. Default: none.
    pub no_proxy: Option<String>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_mins(2),
            max_body_bytes: MAX_BODY_BYTES,
            ca_file: None,
            proxy: None,
            no_proxy: None,
        }
    }
}

impl ClientOptions {
    /// Takes the proxy from `HTTPS_PROXY` or else `ALL_PROXY`, and `NO_PROXY`; each also in lower case. Plain `http` goes
    /// to this machine only, so that `HTTP_PROXY` has no use.
    #[must_use]
    pub fn with_proxy_of(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| variable(name).filter(|value| !value.is_empty()))
        };
        self.proxy = first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]);
        self.no_proxy = first(&["NO_PROXY", "no_proxy"]);
        self
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            connect_timeout,
            read_timeout,
            total_timeout,
            max_body_bytes,
            ca_file,
            proxy,
            no_proxy,
        } = self;
        f.debug_struct("ClientOptions")
            .field("connect_timeout", connect_timeout)
            .field("read_timeout", read_timeout)
            .field("total_timeout", total_timeout)
            .field("max_body_bytes", max_body_bytes)
            .field("ca_file", ca_file)
            .field("has_proxy", &proxy.is_some())
            .field("no_proxy", no_proxy)
            .finish()
    }
}

/// Why the client cannot be set up.
#[derive(Debug, PartialEq, Eq)]
pub enum ClientError {
    /// The CA file cannot be read.
    CaUnreadable(PathBuf),
    /// The CA file holds no PEM certificate.
    CaEmpty(PathBuf),
    /// The proxy is not `http[s]://[name:password@]host[:port]`.
    Proxy,
}

impl ClientError {
    /// What has to be done.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::CaUnreadable(_) => Remedy::Storage,
            Self::CaEmpty(_) | Self::Proxy => Remedy::Configure,
        }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CaUnreadable(path) => {
                write!(f, "the CA file {} cannot be read; check ca-file", path.display())
            }
            Self::CaEmpty(path) => {
                write!(
                    f,
                    "the CA file {} holds no certificate; expected PEM (BEGIN CERTIFICATE)",
                    path.display()
                )
            }
            Self::Proxy => f.write_str("the proxy is not http://HOST:PORT; check HTTPS_PROXY"),
        }
    }
}

impl std::error::Error for ClientError {}

/// A blocking client. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    options: ClientOptions,
    proxy: Option<Proxy>,
    extra: Vec<Certificate<'static>>,
    /// Reading the platform's certificates takes a while, and plain `http` needs none.
    roots: OnceLock<RootCerts>,
    plain: Agent,
    direct: OnceLock<Agent>,
    proxied: OnceLock<Agent>,
}

impl Client {
    /// Sets up the client. Opens no connection.
    ///
    /// # Errors
    ///
    /// What is wrong with the CA file or the proxy.
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let proxy = options
            .proxy
            .as_deref()
            .map(|text| proxy(text, options.no_proxy.as_deref()))
            .transpose()?;
        let extra = options
            .ca_file
            .as_ref()
            .map_or_else(|| Ok(Vec::new()), read_ca_file)?;
        let plain = agent(&options, RootCerts::new_with_certs(&[]), None);
        let (roots, direct, proxied) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Ok(Self {
            shared: Arc::new(Shared {
                options,
                proxy,
                extra,
                roots,
                plain,
                direct,
                proxied,
            }),
        })
    }
}

impl Shared {
    fn agent(&self, is_secure: bool, is_direct: bool) -> &Agent {
        match &self.proxy {
            _ if !is_secure => &self.plain,
            Some(proxy) if !is_direct => self
                .proxied
                .get_or_init(|| agent(&self.options, self.roots(), Some(proxy.clone()))),
            _ => self
                .direct
                .get_or_init(|| agent(&self.options, self.roots(), None)),
        }
    }

    fn roots(&self) -> RootCerts {
        let roots = self.roots.get_or_init(|| {
            let platform = rustls_native_certs::load_native_certs();
            if platform.certs.is_empty() {
                log::warn!("the platform has no root certificates; https needs ca-file");
            }
            let platform = platform
                .certs
                .iter()
                .map(|der| Certificate::from_der(der).to_owned());
            RootCerts::from(platform.chain(self.extra.iter().cloned()))
        });
        roots.clone()
    }
}

impl Transport for Client {
    fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        let holds_secret = request
            .headers()
            .iter()
            .any(|(name, value)| value.is_sensitive() || name == AUTHORIZATION);
        if holds_secret && !is_pinned(&request) {
            return Err(TransportError::new(TransportFault::Unpinned));
        }
        let is_secure = request.uri().scheme() == Some(&http::uri::Scheme::HTTPS);
        let is_direct = is_direct(&request);
        if !is_secure && !is_direct {
            return Err(TransportError::new(TransportFault::Unpinned));
        }
        let agent = self.shared.agent(is_secure, is_direct);
        let (head, body) = request.into_parts();
        // The body of a request for a token holds a secret.
        let body = Zeroizing::new(body);
        let answer = if body.is_empty() && head.method.is_safe() {
            agent.run(Request::from_parts(head, ()))?
        } else {
            agent.run(Request::from_parts(head, body.as_slice()))?
        };
        read(answer, self.shared.options.max_body_bytes)
    }
}

fn read(answer: Response<ureq::Body>, max_body_bytes: u64) -> Result<Response<Vec<u8>>, TransportError> {
    let (mut head, body) = answer.into_parts();
    let is_decoded = head
        .headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| encoding == "gzip");
    let mut bytes = Vec::new();
    // One byte more than allowed tells a body at the cap from one beyond it.
    let length = body
        .into_reader()
        .take(max_body_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if length as u64 > max_body_bytes {
        return Err(TransportError::new(TransportFault::TooLarge));
    }
    if is_decoded {
        head.headers.remove(CONTENT_ENCODING);
        head.headers.remove(CONTENT_LENGTH);
    }
    head.headers.remove(ACCEPT_ENCODING);
    Ok(Response::from_parts(head, bytes))
}

fn agent(options: &ClientOptions, roots: RootCerts, proxy: Option<Proxy>) -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(provider)
        .build();
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("message-trace/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .proxy(proxy)
        .timeout_connect(Some(options.connect_timeout))
        .timeout_per_read(Some(options.read_timeout))
        .timeout_per_write(Some(options.read_timeout))
        .timeout_global(Some(options.total_timeout))
        .max_response_header_size(MAX_HEAD_BYTES)
        .build()
        .new_agent()
}

fn proxy(text: &str, no_proxy: Option<&str>) -> Result<Proxy, ClientError> {
    // Parsed for its parts: only the builder takes a list of hosts to leave out.
    let parsed = Proxy::new(text).map_err(|_| ClientError::Proxy)?;
    let mut builder = Proxy::builder(parsed.protocol())
        .host(parsed.host())
        .port(parsed.port());
    if let Some(name) = parsed.username() {
        builder = builder.username(name);
    }
    if let Some(password) = parsed.password() {
        builder = builder.password(password);
    }
    for host in no_proxy
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|host| !host.is_empty())
    {
        builder = builder.no_proxy(host);
    }
    builder.build().map_err(|_| ClientError::Proxy)
}

fn read_ca_file(path: &PathBuf) -> Result<Vec<Certificate<'static>>, ClientError> {
    let pem = std::fs::read(path).map_err(|_| ClientError::CaUnreadable(path.clone()))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .map_while(Result::ok)
        .map(|der| Certificate::from_der(&der).to_owned())
        .collect();
    if certificates.is_empty() {
        Err(ClientError::CaEmpty(path.clone()))
    } else {
        Ok(certificates)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.shared.options).finish()
    }
}
