//! Microsoft's clouds, each with its own Graph and its own sign-in. A token of one is worth nothing in another.
//!
//! Source: "National cloud deployments" of Microsoft Graph and "National clouds" of Microsoft Entra. Microsoft's pages
//! list `exchangeMessageTrace` for the global cloud (which GCC uses too) and for none of the others yet.

/// A cloud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cloud {
    /// The worldwide cloud, GCC included.
    #[default]
    Global,
    /// US Government L4, GCC High.
    UsGov,
    /// US Government L5, Department of Defense.
    UsDod,
    /// China, operated by 21Vianet.
    China,
}

impl Cloud {
    /// All clouds, in the order in which the help names them.
    pub const ALL: [Self; 4] = [Self::Global, Self::UsGov, Self::UsDod, Self::China];

    /// As the setting spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::UsGov => "us-gov",
            Self::UsDod => "us-dod",
            Self::China => "china",
        }
    }

    /// The cloud of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cloud| cloud.name() == name)
    }

    /// Its Graph.
    #[must_use]
    pub const fn graph(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGov => "https://graph.microsoft.us",
            Self::UsDod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }

    /// Its Reporting Web Service, where its address is known.
    #[must_use]
    pub const fn reporting(self) -> Option<&'static str> {
        match self {
            Self::Global => Some("https://reports.office365.com"),
            Self::UsGov => Some("https://reports.office365.us"),
            Self::UsDod | Self::China => None,
        }
    }

    /// What a token for its Reporting Web Service is for: Exchange Online.
    #[must_use]
    pub const fn exchange_scope(self) -> &'static str {
        match self {
            Self::Global => "https://outlook.office365.com/.default",
            Self::UsGov | Self::UsDod => "https://outlook.office365.us/.default",
            Self::China => "https://partner.outlook.cn/.default",
        }
    }

    /// Its sign-in.
    #[must_use]
    pub const fn login(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGov | Self::UsDod => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
        }
    }
}
