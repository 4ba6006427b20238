//! Cloud providers. This file has the questions about a provider's resources, and each provider's folder has the answers.

pub mod aws;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

use crate::ingress::Opening;

/// A cloud provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Provider {
    /// Amazon Web Services.
    #[serde(rename = "AWS")]
    Aws,
}

/// What a resource is at its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResourceType {
    /// An EC2 security group.
    #[serde(rename = "SECURITY_GROUP")]
    SecurityGroup,
}

impl Provider {
    /// Every provider, for the error that lists them.
    pub const ALL: [Self; 1] = [Self::Aws];

    /// The API's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
        }
    }

    /// Reads the API's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == text)
    }

    /// Whether resources of this provider have a region.
    #[must_use]
    pub fn has_regions(self) -> bool {
        match self {
            Self::Aws => true,
        }
    }

    /// Whether a text can be a region of this provider.
    #[must_use]
    pub fn is_region(self, text: &str) -> bool {
        match self {
            Self::Aws => aws::is_region(text),
        }
    }
}

impl ResourceType {
    /// Every type, for the error that lists them.
    pub const ALL: [Self; 1] = [Self::SecurityGroup];

    /// The API's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecurityGroup => "SECURITY_GROUP",
        }
    }

    /// Reads the API's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether a text has the form of an identifier of this type.
    #[must_use]
    pub fn is_identifier(self, text: &str) -> bool {
        match self {
            Self::SecurityGroup => aws::is_security_group_id(text),
        }
    }

    /// What a session opens on a resource of this type with this `config`.
    ///
    /// # Errors
    /// One sentence, if the config does not say it.
    pub fn openings(self, config: &Map<String, Value>) -> Result<Vec<Opening>, String> {
        match self {
            Self::SecurityGroup => aws::openings(config),
        }
    }

    /// What is wrong with a resource's `config` for this type, in one sentence; `None` if it is valid.
    #[must_use]
    pub fn config_fault(self, config: &Map<String, Value>) -> Option<String> {
        match self {
            Self::SecurityGroup => aws::security_group_config_fault(config),
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
