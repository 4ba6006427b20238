//! AWS in the process: an embedded DynamoDB and stand-ins for KMS and Secrets Manager behind one address.

mod kms;
mod secrets;
mod stream;
mod trim;

use kms::Kms;
use secrets::Secrets;
pub use stream::sequence_number;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use dynoxide::Database;
use http::{StatusCode, Uri};
use https::Https;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use secrecy::SecretString;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use trim::Trimmer;

use crate::folder::{KEY_FILE, TABLE_FILE};
use crate::template::Template;
use crate::{LocalError, keys, server};

/// The region and account that everything here pretends to be in.
pub const REGION: &str = "eu-central-1";

/// DynamoDB's limit of a request.
const REQUEST_MAX_BYTES: usize = 16 * 1024 * 1024;

/// An answer of a stand-in.
#[derive(Debug, Clone)]
struct Canned {
    status: u16,
    /// JSON.
    body: String,
}

impl Canned {
    /// A refusal (Smithy, "AWS JSON 1.1 protocol", "Operation error serialization").
    fn error(kind: &str, message: &str) -> Self {
        Self { status: 400, body: serde_json::json!({"__type": kind, "message": message}).to_string() }
    }
}

/// AWS in the process. It ends when the runtime does.
#[derive(Clone)]
pub struct LocalAws {
    database: Database,
    endpoint: String,
    secrets: Secrets,
    /// Where the data is in a file: what is in memory is short-lived.
    trimmer: Option<Trimmer>,
}

struct Front {
    dynamodb: Uri,
    client: Client<HttpConnector, Body>,
    kms: Kms,
    secrets: Secrets,
}

async fn loopback() -> Result<TcpListener, LocalError> {
    TcpListener::bind(("127.0.0.1", 0)).await.map_err(LocalError::of("no port on 127.0.0.1"))
}

fn address(listener: &TcpListener) -> Result<String, LocalError> {
    let address = listener.local_addr().map_err(LocalError::of("a listener without an address"))?;
    Ok(format!("http://{address}/"))
}

impl LocalAws {
    /// Starts one whose data is in memory, on a port of its own.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn in_memory() -> Result<Self, LocalError> {
        Self::open(None, None).await
    }

    /// Starts one on a listener, or on a port of its own. Its data is in a folder where there is one, else in memory.
    ///
    /// # Errors
    /// When the folder cannot be used or there is no port.
    pub async fn open(data: Option<&Path>, listener: Option<TcpListener>) -> Result<Self, LocalError> {
        let listener = match listener {
            Some(listener) => listener,
            None => loopback().await?,
        };
        let (database, master, trimmer) = match data {
            None => (Database::memory(), keys::random()?, None),
            Some(folder) => {
                keys::private_folder(folder).map_err(LocalError::of(folder.display()))?;
                let file = folder.join(TABLE_FILE);
                let database = Database::new(&file.to_string_lossy());
                (database, keys::kept_in(&folder.join(KEY_FILE))?, Some(Trimmer::new(&file)))
            }
        };
        let place =
            data.map_or_else(|| "memory".into(), |folder| folder.join(TABLE_FILE).display().to_string());
        let database = database.map_err(LocalError::of(format!("the embedded DynamoDB in {place}")))?;
        let (endpoint, secrets) = (address(&listener)?, Secrets::default());
        Self::start(&database, (Kms::new(master), secrets.clone()), listener).await?;
        Ok(Self { database, endpoint, secrets, trimmer: trimmer.transpose()? })
    }

    async fn start(
        database: &Database,
        (kms, secrets): (Kms, Secrets),
        listener: TcpListener,
    ) -> Result<(), LocalError> {
        let behind = loopback().await?;
        let dynamodb: Uri = address(&behind)?.parse().map_err(LocalError::of("the address of DynamoDB"))?;
        tokio::spawn(dynoxide::server::serve_on(behind, database.clone()));
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let front = Arc::new(Front { dynamodb, client, kms, secrets });
        let router = axum::Router::new().fallback(answer).with_state(front);
        tokio::spawn(async move { axum::serve(server::at_once(listener), router).await });
        Ok(())
    }

    /// Forgets the records of a table's stream before one of them, where they are kept in a file.
    ///
    /// # Errors
    /// The file's.
    pub fn forget_changes(&self, table: &str, before: &str) -> Result<(), LocalError> {
        self.trimmer.as_ref().map_or(Ok(()), |trimmer| trimmer.forget(table, before))
    }

    /// Makes a secret, or gives it another text.
    pub fn put_secret(&self, name: &str, text: impl Into<SecretString>) {
        self.secrets.put(name, text.into());
    }

    /// Takes a secret away.
    pub fn remove_secret(&self, name: &str) {
        self.secrets.remove(name);
    }

    /// How often a secret was asked for.
    #[must_use]
    pub fn reads_of_secrets(&self) -> usize {
        self.secrets.reads()
    }

    /// Where DynamoDB, KMS and Secrets Manager answer: what `AWS_ENDPOINT_URL` is set to.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Makes the template's table under a name, unless it exists.
    ///
    /// # Errors
    /// When the template's table is none.
    pub fn ensure_table(&self, template: &Template, name: &str) -> Result<(), LocalError> {
        let request = serde_json::from_value(template.create_table(name));
        let request = request.map_err(LocalError::of("template.yaml, the table"))?;
        match self.database.create_table(request) {
            Ok(_) | Err(dynoxide::DynoxideError::ResourceInUseException(_)) => Ok(()),
            Err(error) => Err(LocalError::of("template.yaml, the table")(error)),
        }
    }

    /// Puts items, in DynamoDB's JSON, into a table past its stream and its conditions: for what must be there before
    /// something is measured. The engine looks at all records of a stream at each write, so that a table that was filled
    /// through the stream would tell about the engine.
    ///
    /// # Errors
    /// When something is no item.
    pub fn import(&self, table: &str, items: Vec<serde_json::Value>) -> Result<(), LocalError> {
        let items = items.into_iter().map(serde_json::from_value).collect::<Result<Vec<_>, _>>();
        let items = items.map_err(LocalError::of("an item"))?;
        let options = dynoxide::ImportOptions::default();
        self.database.import_items(table, items, options).map(drop).map_err(LocalError::of("an import"))
    }

    /// A client of the SDK for DynamoDB.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk_config())
    }

    /// What a function gets from its environment.
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(Https::default())
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "local", "local", None, None, "local",
            )))
            .retry_config(store::retry_config())
            .endpoint_url(&self.endpoint)
            .build()
    }
}

async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, REQUEST_MAX_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let target = head.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Some(operation) = target.strip_prefix("TrentService.") {
        return json(front.kms.answer(operation, &body));
    }
    if let Some(operation) = target.strip_prefix("secretsmanager.") {
        return json(front.secrets.answer(operation, &body));
    }
    forward(&front, head, body).await
}

fn json(canned: Canned) -> Response {
    let status = StatusCode::from_u16(canned.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [("content-type", "application/x-amz-json-1.1")], canned.body).into_response()
}

async fn forward(front: &Front, mut head: http::request::Parts, body: Bytes) -> Response {
    head.uri = front.dynamodb.clone();
    match front.client.request(Request::from_parts(head, Body::from(body))).await {
        Ok(response) => response.map(Body::new).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}
