//! A real HTTP server on loopback that does what a script says: it answers, delays, stalls, drips, resets, cuts
//! off, talks nonsense. It records every request and whether it took the message, so that a test can compare
//! what the program believes with what was delivered.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    how: How,
    accepted: bool,
    delay: Duration,
}

#[derive(Clone, Debug)]
enum How {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        close: Close,
    },
    Drip(Duration),
    Garbage(Vec<u8>),
    Reset,
    Stall,
}

/// How the connection ends after an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Close {
    /// It stays open.
    No,
    /// It is closed without an announcement.
    Silent,
    /// It is closed before this many bytes of the body.
    Cut(usize),
}

impl Reply {
    /// An answer; the message counts as delivered when the status is a success.
    pub(crate) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let how = How::Answer {
            status,
            headers: Vec::new(),
            body: body.into(),
            close: Close::No,
        };
        Self {
            how,
            accepted: (200..300).contains(&status),
            delay: Duration::ZERO,
        }
    }

    /// With one more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        if let How::Answer { headers, .. } = &mut self.how {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Closes the connection afterwards, without saying so in the answer.
    pub(crate) fn then_close(self) -> Self {
        self.closing(Close::Silent)
    }

    /// Announces the whole body and closes after `bytes` of it.
    pub(crate) fn cut_after(self, bytes: usize) -> Self {
        self.closing(Close::Cut(bytes))
    }

    fn closing(mut self, how: Close) -> Self {
        if let How::Answer { close, .. } = &mut self.how {
            *close = how;
        }
        self
    }

    /// Reads the request and never answers.
    pub(crate) fn stall() -> Self {
        Self::lost(How::Stall)
    }

    /// Answers without end, a byte at a time.
    pub(crate) fn drip(every: Duration) -> Self {
        Self::lost(How::Drip(every))
    }

    /// Answers with these bytes, which need not be HTTP, and closes.
    pub(crate) fn garbage(bytes: impl Into<Vec<u8>>) -> Self {
        Self::lost(How::Garbage(bytes.into()))
    }

    /// Reads the request and resets the connection.
    pub(crate) fn reset() -> Self {
        Self::lost(How::Reset)
    }

    fn lost(how: How) -> Self {
        Self {
            how,
            accepted: false,
            delay: Duration::ZERO,
        }
    }

    /// The message is delivered all the same, whatever the sender learns of it.
    pub(crate) fn accepting(mut self) -> Self {
        self.accepted = true;
        self
    }

    /// Waits first.
    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the message counts as delivered.
    pub(crate) accepted: bool,
    /// Which connection it came on, from 0.
    pub(crate) connection: usize,
}

impl Recorded {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The follow-up's id, by the header that every sender sets.
    pub(crate) fn id(&self) -> Option<&str> {
        self.header("idempotency-key")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

type Script = dyn Fn(&Recorded, usize) -> Reply + Send + Sync;

/// The server; it ends, with all its connections, when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    script: Box<Script>,
    is_deaf: bool,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    requests: Vec<Recorded>,
    connections: usize,
    is_over: bool,
}

impl Server {
    /// A server that asks `script` what to do with each request, and with its number from 0.
    pub(crate) fn start(
        script: impl Fn(&Recorded, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(script, false)
    }

    fn listen(
        script: impl Fn(&Recorded, usize) -> Reply + Send + Sync + 'static,
        is_deaf: bool,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            is_deaf,
            state: Mutex::default(),
            ended: Condvar::new(),
        });
        let of_listener = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut state = of_listener.state();
                if state.is_over {
                    return;
                }
                let number = state.connections;
                state.connections += 1;
                drop(state);
                let shared = Arc::clone(&of_listener);
                // A broken connection is what these tests are about.
                std::thread::spawn(move || stream.and_then(|s| shared.converse(s, number)));
            }
        });
        Self { address, shared }
    }

    /// A server that does the same with every request.
    pub(crate) fn always(reply: Reply) -> Self {
        Self::start(move |_, _| reply.clone())
    }

    /// A server that goes through `replies`, and stays with the last.
    pub(crate) fn sequence(replies: Vec<Reply>) -> Self {
        Self::start(move |_, n| replies[n.min(replies.len() - 1)].clone())
    }

    /// A server that resets every connection as soon as a request arrives, unread.
    pub(crate) fn deaf() -> Self {
        Self::listen(|_, _| Reply::stall(), true)
    }

    /// A base URL at which nobody listens.
    pub(crate) fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base URL as if there were TLS, which there is not.
    pub(crate) fn https_url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Every request so far, in the order of arrival.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.shared.state().requests.clone()
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// How often each follow-up's message was delivered.
    pub(crate) fn deliveries(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for request in self.shared.state().requests.iter().filter(|r| r.accepted) {
            let id = request.id().unwrap_or_default().to_owned();
            *counts.entry(id).or_default() += 1;
        }
        counts
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.ended.notify_all();
        // Wakes the listener; a failure means that it is gone already.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits; `false` when the server is over.
    fn wait(&self, time: Duration) -> bool {
        let state = self.state();
        let (state, _) = self
            .ended
            .wait_timeout_while(state, time, |state| !state.is_over)
            .unwrap_or_else(PoisonError::into_inner);
        !state.is_over
    }

    /// Answers one connection's requests.
    fn converse(&self, mut stream: TcpStream, connection: usize) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        if self.is_deaf {
            // The kernel resets a connection that is closed while input waits unread.
            return stream.peek(&mut [0]).map(drop);
        }
        while let Some((request, unread)) = read_request(&mut stream, connection)? {
            let mut state = self.state();
            let reply = (self.script)(&request, state.requests.len());
            state.requests.push(Recorded {
                accepted: reply.accepted,
                ..request
            });
            drop(state);
            if !reply.delay.is_zero() && !self.wait(reply.delay) {
                return Ok(());
            }
            match reply.how {
                How::Answer {
                    status,
                    headers,
                    body,
                    close,
                } => {
                    finish(&mut stream, unread)?;
                    let mut head = format!("HTTP/1.1 {status} As Scripted\r\n");
                    for (name, value) in headers {
                        head.push_str(&format!("{name}: {value}\r\n"));
                    }
                    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
                    let sent = match close {
                        Close::Cut(bytes) => &body[..bytes.min(body.len())],
                        Close::No | Close::Silent => &body[..],
                    };
                    stream.write_all(&[head.as_bytes(), sent].concat())?;
                    if close != Close::No {
                        return Ok(());
                    }
                }
                How::Drip(every) => {
                    finish(&mut stream, unread)?;
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")?;
                    while self.wait(every) {
                        stream.write_all(b"a")?;
                    }
                    return Ok(());
                }
                How::Garbage(bytes) => {
                    finish(&mut stream, unread)?;
                    stream.write_all(&bytes)?;
                    return Ok(());
                }
                // By the byte that is left unread.
                How::Reset => return Ok(()),
                How::Stall => {
                    while self.wait(Duration::from_secs(3600)) {}
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Reads one request, all but the last byte of its body, which is only looked at and left for [`finish`]: the
/// number of bytes that wait is returned. `None` at the end of the connection.
fn read_request(
    stream: &mut TcpStream,
    connection: usize,
) -> std::io::Result<Option<(Recorded, usize)>> {
    let Some(head) = read_head(stream)? else {
        return Ok(None);
    };
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (words.next(), words.next());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    let mut unread = 0;
    if let Some((last, rest)) = body.split_last_mut() {
        stream.read_exact(rest)?;
        stream.peek(std::slice::from_mut(last))?;
        unread = 1;
    }
    let recorded = Recorded {
        method: method.unwrap_or_default().to_owned(),
        path: path.unwrap_or_default().to_owned(),
        headers,
        body,
        accepted: false,
        connection,
    };
    Ok(Some((recorded, unread)))
}

/// Reads up to the empty line and nothing after it.
fn read_head(stream: &mut TcpStream) -> std::io::Result<Option<String>> {
    let mut head = Vec::new();
    let mut seen = [0; 4096];
    loop {
        let count = stream.peek(&mut seen)?;
        if count == 0 {
            return Ok(None);
        }
        let before = head.len();
        head.extend_from_slice(&seen[..count]);
        let end = head.windows(4).position(|four| four == b"\r\n\r\n");
        let taken = end.map_or(count, |end| end + 4 - before);
        stream.read_exact(&mut seen[..taken])?;
        if let Some(end) = end {
            head.truncate(end);
            return Ok(Some(String::from_utf8_lossy(&head).into_owned()));
        }
    }
}

fn finish(stream: &mut TcpStream, unread: usize) -> std::io::Result<()> {
    stream.read_exact(&mut vec![0; unread])
}
