//! A mailbox by IMAP: a real server on loopback that keeps folders, refuses, stalls, cuts off and talks nonsense.

mod misdeeds;
mod reading;
mod server;

use super::{business, stored};
use crate::cli::Desk;

use server::Server;

/// A business that reads this server's mailbox.
fn desk_of(server: &Server) -> Desk {
    business(&source(server, ""))
}

fn source(server: &Server, more: &str) -> String {
    format!(
        "[limits]\nrequest_timeout = \"1s\"\n[channels.email.outbox]\n[[sources]]\nname = \"mail\"\n[sources.imap]\n\
         host = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nusername = \"desk@sol.example\"\n\
         password = {{ env = \"TOKEN\" }}\n{more}",
        server.port()
    )
}

/// What is stored, as `contact author text`.
fn lines(desk: &Desk) -> Vec<String> {
    let rows = stored(desk).into_iter();
    rows.map(|[contact, _, author, text, _]| format!("{contact} {author} {text}"))
        .collect()
}
