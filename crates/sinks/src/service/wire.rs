//! Requests, as every service here gets them.

use std::sync::Arc;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use secrecy::zeroize::Zeroizing;

use super::super::SinkError;
use super::compressed;
use message_trace_net::http::{Bearer, Link, SecretHeader, Transport};

/// How requests are sent: each to a pinned address, with its secrets, once.
pub(crate) struct Wire {
    name: String,
    transport: Arc<dyn Transport>,
    /// Whether bodies are compressed.
    gzip: bool,
    kind: HeaderValue,
    headers: HeaderMap,
    secrets: Vec<SecretHeader>,
}

impl Wire {
    /// To an address, with bodies of this content type.
    pub(crate) fn new(link: &Link, transport: Arc<dyn Transport>, kind: &'static str) -> Self {
        Self {
            name: name_of(link),
            transport,
            gzip: true,
            kind: HeaderValue::from_static(kind),
            headers: HeaderMap::new(),
            secrets: Vec::new(),
        }
    }

    pub(crate) const fn gzip(mut self, gzip: bool) -> Self {
        self.gzip = gzip;
        self
    }

    pub(crate) fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    pub(crate) fn secrets(mut self, secrets: impl IntoIterator<Item = SecretHeader>) -> Self {
        self.secrets.extend(secrets);
        self
    }

    /// `https://HOST`: what may be shown.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Sends a body of events, compressed if that is set.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    pub(crate) fn post(&self, link: &Link, body: Zeroizing<Vec<u8>>) -> Result<Response<Vec<u8>>, SinkError> {
        let request = self.request(link, &body)?;
        self.transport.send(request).map_err(SinkError::Unreachable)
    }

    /// As [`Wire::post`], with a bearer token.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    pub(crate) fn post_as(
        &self,
        link: &Link,
        body: &[u8],
        bearer: &Bearer,
    ) -> Result<Response<Vec<u8>>, SinkError> {
        let mut request = self.request(link, body)?;
        link.bear(&mut request, bearer).map_err(SinkError::Unreachable)?;
        self.transport.send(request).map_err(SinkError::Unreachable)
    }

    fn request(&self, link: &Link, body: &[u8]) -> Result<Request<Vec<u8>>, SinkError> {
        let body = if self.gzip {
            compressed(body)?
        } else {
            body.to_vec()
        };
        let mut request = link.request(Method::POST, body);
        let headers = request.headers_mut();
        headers.extend(self.headers.clone());
        headers.entry(CONTENT_TYPE).or_insert(self.kind.clone());
        if self.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        for header in &self.secrets {
            link.sign(&mut request, header).map_err(SinkError::Unreachable)?;
        }
        Ok(request)
    }

    /// Asks something without events. A body is JSON.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    pub(crate) fn ask(
        &self,
        method: Method,
        link: &Link,
        body: &[u8],
    ) -> Result<Response<Vec<u8>>, SinkError> {
        let mut request = link.request(method, body.to_vec());
        let headers = request.headers_mut();
        headers.extend(self.headers.clone());
        headers.remove(CONTENT_TYPE);
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for header in &self.secrets {
            link.sign(&mut request, header).map_err(SinkError::Unreachable)?;
        }
        self.transport.send(request).map_err(SinkError::Unreachable)
    }
}

/// `https://HOST` of an address.
fn name_of(link: &Link) -> String {
    let uri = link.uri();
    let host = uri
        .authority()
        .map(http::uri::Authority::as_str)
        .unwrap_or_default();
    format!("{}://{host}", uri.scheme_str().unwrap_or_default())
}
