//! `[tls]`: which servers are who they say that they are.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::file::Table;
use super::findings::Findings;
use super::validate::Place;

/// Certificates of authorities, as DER.
pub type Certificates = Vec<CertificateDer<'static>>;

/// Larger than any system's file of certificates.
const MOST_BYTES: u64 = 4 << 20;

/// The certificates that are trusted besides the public ones.
pub(super) fn read(
    mut table: Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Certificates {
    let example = "ca_file = \"company-ca.pem\"";
    let certificates = table.parsed("ca_file", example, findings, |written| {
        let path = place.path(written);
        certificates(&path).map_err(|why| format!("{}: {why}", path.display()))
    });
    table.done(findings);
    certificates.unwrap_or_default()
}

fn certificates(path: &Path) -> Result<Certificates, String> {
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut pem))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if pem.len() as u64 > MOST_BYTES {
        return Err(format!("is over {} MiB", MOST_BYTES >> 20)); // the rest would go unseen
    }
    let mut roots = RootCertStore::empty();
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| format!("is not PEM: {error}"))?;
        let added = roots.add(certificate.clone());
        added.map_err(|error| format!("has a certificate that cannot be used: {error}"))?;
        certificates.push(certificate);
    }
    match certificates.is_empty() {
        true => Err("has no certificate; it begins with -----BEGIN CERTIFICATE-----".to_owned()),
        false => Ok(certificates),
    }
}
