//! The listing of multipart uploads that were begun and not ended (S3's `ListMultipartUploads`).
//!
//! rust-s3 has this call, but insists on a `StorageClass` in the answer, which S3's own description leaves optional and
//! SeaweedFS leaves out; then nothing that was left unfinished would ever be found. So the answer is read here.

use s3::Bucket;
use s3::command::Command;
use s3::error::S3Error;
use s3::request::Request;
use s3::request::tokio_backend::ReqwestRequest;
use serde::Deserialize;

/// A page of the listing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Page {
    #[serde(default)]
    is_truncated: bool,
    next_key_marker: Option<String>,
    next_upload_id_marker: Option<String>,
    /// The uploads of this page.
    #[serde(default, rename = "Upload")]
    pub uploads: Vec<Unfinished>,
}

/// One upload, as the store describes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Unfinished {
    /// The path it was meant for.
    pub key: String,
    /// The store's id of it.
    pub upload_id: String,
    /// When it was begun (RFC 3339).
    pub initiated: String,
}

/// Where the next page begins: its key, and the upload below that key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker(String, Option<String>);

impl Page {
    /// Where the next page begins; none on the last one.
    pub fn next(&self) -> Option<Marker> {
        let key = self.next_key_marker.clone().filter(|key| self.is_truncated && !key.is_empty())?;
        Some(Marker(key, self.next_upload_id_marker.clone().filter(|id| !id.is_empty())))
    }
}

/// One page of the uploads under `prefix`, from `from` on.
pub(super) async fn page(bucket: &Bucket, prefix: &str, from: Option<Marker>) -> Result<Page, S3Error> {
    let (key_marker, upload_id_marker) = from.map_or((None, None), |Marker(key, id)| (Some(key), id));
    let command = Command::ListMultipartUploads {
        prefix: Some(prefix),
        delimiter: None,
        key_marker,
        upload_id_marker,
        max_uploads: None,
    };
    let answer = ReqwestRequest::new(bucket, "/", command).await?.response_data(false).await?;
    Ok(quick_xml::de::from_reader(answer.as_slice())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> Page {
        quick_xml::de::from_str(xml).expect("a page")
    }

    #[test]
    fn pages_of_different_stores_are_understood() {
        let seaweedfs = read(
            r#"<?xml version="1.0" encoding="UTF-8"?><ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
            <Bucket>docuvault</Bucket><IsTruncated>false</IsTruncated><MaxUploads>1000</MaxUploads>
            <Upload><Key>a/b</Key><UploadId>one</UploadId><Initiated>2026-11-23T10:00:00Z</Initiated></Upload>
            </ListMultipartUploadsResult>"#,
        );
        assert_eq!(seaweedfs.uploads.len(), 1);
        assert_eq!((seaweedfs.uploads[0].key.as_str(), seaweedfs.uploads[0].upload_id.as_str()), ("a/b", "one"));
        assert_eq!(seaweedfs.next(), None);

        let minio = read(
            "<ListMultipartUploadsResult><KeyMarker></KeyMarker><NextKeyMarker>a/c</NextKeyMarker>\
            <NextUploadIdMarker>two</NextUploadIdMarker><IsTruncated>true</IsTruncated>\
            <Upload><Key>a/b</Key><UploadId>one</UploadId><Initiator><ID>x</ID></Initiator><Owner><ID>x</ID></Owner>\
            <StorageClass>STANDARD</StorageClass><Initiated>2026-11-23T10:00:00.000Z</Initiated></Upload>\
            <Upload><Key>a/c</Key><UploadId>two</UploadId><Initiated>2026-11-23T10:00:01.000Z</Initiated></Upload>\
            </ListMultipartUploadsResult>",
        );
        assert_eq!(minio.uploads.len(), 2);
        assert_eq!(minio.next(), Some(Marker("a/c".to_owned(), Some("two".to_owned()))));

        let none = read("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
        assert!(none.uploads.is_empty());
    }
}
