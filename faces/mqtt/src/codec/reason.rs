//! Reason codes of MQTT 5 (§2.4), and what is left of them in MQTT 3.1.1.

/// Why something was not done; the number is the one on the wire of MQTT 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reason {
    /// Done; a normal end.
    Success = 0x00,
    /// The other side may know more, we say no more.
    Unspecified = 0x80,
    /// Bytes that are no packet.
    MalformedPacket = 0x81,
    /// A packet that must not come there.
    ProtocolError = 0x82,
    /// Well formed, and not taken by this server.
    ImplementationSpecific = 0x83,
    /// Another MQTT than 3.1.1 and 5.
    UnsupportedProtocol = 0x84,
    /// A client id that is not taken.
    ClientIdNotValid = 0x85,
    /// User name or password is wrong.
    BadUserNameOrPassword = 0x86,
    /// Known, and not allowed.
    NotAuthorized = 0x87,
    /// The server cannot answer now.
    ServerUnavailable = 0x88,
    /// Too much at once: try again later.
    ServerBusy = 0x89,
    /// Barred by the operator.
    Banned = 0x8a,
    /// The server stops.
    ServerShuttingDown = 0x8b,
    /// No such method of authentication.
    BadAuthenticationMethod = 0x8c,
    /// Silent for one and a half keep-alive intervals.
    KeepAliveTimeout = 0x8d,
    /// The same client connected anew.
    SessionTakenOver = 0x8e,
    /// A filter that is none.
    TopicFilterInvalid = 0x8f,
    /// A topic that is none, or none of ours.
    TopicNameInvalid = 0x90,
    /// No message of this number is under way.
    PacketIdentifierNotFound = 0x92,
    /// More unacknowledged messages than agreed.
    ReceiveMaximumExceeded = 0x93,
    /// A topic alias that was not offered.
    TopicAliasInvalid = 0x94,
    /// A packet above the limit.
    PacketTooLarge = 0x95,
    /// Too many messages in a time.
    MessageRateTooHigh = 0x96,
    /// More than this client may have.
    QuotaExceeded = 0x97,
    /// Cut off by an operator.
    AdministrativeAction = 0x98,
    /// The payload is not what it says.
    PayloadFormatInvalid = 0x99,
    /// Retained messages are not taken.
    RetainNotSupported = 0x9a,
    /// This quality of service is not offered.
    QosNotSupported = 0x9b,
    /// Subscriptions are not shared here.
    SharedSubscriptionsNotSupported = 0x9e,
    /// Too many connections in a time.
    ConnectionRateExceeded = 0x9f,
}

impl Reason {
    /// The return code of a CONNACK of MQTT 3.1.1 (§3.2.2.3), which knows six.
    pub(crate) const fn return_code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::UnsupportedProtocol => 1,
            Self::ClientIdNotValid => 2,
            Self::BadUserNameOrPassword | Self::BadAuthenticationMethod => 4,
            Self::ServerUnavailable
            | Self::ServerBusy
            | Self::ServerShuttingDown
            | Self::QuotaExceeded
            | Self::ConnectionRateExceeded => 3,
            _ => 5,
        }
    }
}
