//! An address that was admitted, and the only way for a secret onto a request.

use std::fmt;

use http::{HeaderValue, Method, Request, Uri};

use super::error::{TransportError, TransportFault};
use super::secret::{Bearer, SecretHeader};
use super::spelling::is_address;

/// An address inside its origin.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    uri: Uri,
    direct: bool,
}

/// Marks a request as made from a [`Link`]: what its address was then.
#[derive(Clone)]
struct Pinned {
    uri: Uri,
    direct: bool,
}

impl Link {
    pub(super) const fn new(uri: Uri, direct: bool) -> Self {
        Self { uri, direct }
    }

    /// A request to this address. Secrets are attached with [`Link::bear`] and [`Link::sign`] on it, or not at all.
    #[must_use]
    pub fn request(&self, method: Method, body: Vec<u8>) -> Request<Vec<u8>> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = self.uri.clone();
        request.extensions_mut().insert(Pinned {
            uri: self.uri.clone(),
            direct: self.direct,
        });
        request
    }

    /// A GET request to this address with a bearer token.
    ///
    /// # Errors
    ///
    /// [`TransportFault::Unpinned`] if the token cannot be a header; it never is for one that was accepted.
    pub fn get(&self, bearer: &Bearer) -> Result<Request<Vec<u8>>, TransportError> {
        let mut request = self.request(Method::GET, Vec::new());
        self.bear(&mut request, bearer)?;
        Ok(request)
    }

    /// Attaches a bearer token to a request that was made from this link.
    ///
    /// # Errors
    ///
    /// [`TransportFault::Unpinned`] if the request goes anywhere else.
    pub fn bear(&self, request: &mut Request<Vec<u8>>, bearer: &Bearer) -> Result<(), TransportError> {
        self.attach(request, http::header::AUTHORIZATION, bearer.header())
    }

    /// Attaches a secret header to a request that was made from this link.
    ///
    /// # Errors
    ///
    /// [`TransportFault::Unpinned`] if the request goes anywhere else.
    pub fn sign(&self, request: &mut Request<Vec<u8>>, header: &SecretHeader) -> Result<(), TransportError> {
        self.attach(request, header.name().clone(), header.value())
    }

    fn attach(
        &self,
        request: &mut Request<Vec<u8>>,
        name: http::HeaderName,
        value: Option<HeaderValue>,
    ) -> Result<(), TransportError> {
        let unpinned = TransportError::new(TransportFault::Unpinned);
        if *request.uri() != self.uri || !is_pinned(request) {
            return Err(unpinned);
        }
        request.headers_mut().insert(name, value.ok_or(unpinned)?);
        Ok(())
    }

    /// The whole address. Its query may hold personal data: not for logs.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }
}

/// Whether a request still goes where the link it was made from points.
pub(super) fn is_pinned<B>(request: &Request<B>) -> bool {
    request
        .extensions()
        .get::<Pinned>()
        .is_some_and(|pinned| pinned.uri == *request.uri())
}

/// Whether a request must not take a proxy: to this machine, or to a managed identity's endpoint.
pub(super) fn is_direct<B>(request: &Request<B>) -> bool {
    request
        .extensions()
        .get::<Pinned>()
        .is_some_and(|pinned| pinned.direct)
        || request.uri().host().is_some_and(|host| {
            host == "localhost" || is_address(host, |ip| ip.is_loopback(), |ip| ip.is_loopback())
        })
}

impl fmt::Debug for Link {
    /// The host alone: paths and queries may hold ids and addresses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.uri.host().unwrap_or_default())
    }
}
