//! What the read model of e-mails looks like.

use store::projections::{Column, Table};

/// Grows with every change of the tables or of what events do to them. The statements in
/// `reads.rs` name the views of this version.
pub(super) const VERSION: u32 = 2;

/// Every e-mail.
pub(super) static EMAILS: Table = Table {
    name: "emails",
    key: "id",
    columns: &[
        Column::text("organization_id").or_null(),
        Column::text("message_id"),
        // Stands for the recipient's address, in whatever letter case.
        Column::text("mailbox"),
        Column::time("created_at"),
        Column::text("content_type").or_null(),
        Column::text("template_id").or_null(),
        Column::text("subject").or_null(),
        // Without one-time tokens, except in testing builds.
        Column::text("body").or_null(),
        Column::text("to_email_address"),
        Column::text("to_display_name"),
        // Texts.
        Column::json("tags"),
        // The same, each between separators.
        Column::text("found_by"),
        Column::time("last_attempted_at").or_null(),
        Column::time("send_failed_at").or_null(),
        Column::text("receipt_id").or_null(),
        Column::time("sent_at").or_null(),
        Column::time("delivered_at").or_null(),
        Column::time("delivery_failed_at").or_null(),
        Column::text("delivery_failed_reason").or_null(),
        Column::text("registered_region"),
        Column::time("last_persisted_at"),
        // Of its first event: orders what was asked for at the same time.
        Column::int("position"),
    ],
    indexes: &[
        &["created_at", "position"],
        &["organization_id", "created_at", "position"],
        &["mailbox"],
    ],
};

/// Every try to send one. The key is the e-mail and which of its events it was.
pub(super) static ATTEMPTS: Table = Table {
    name: "email_attempts",
    key: "id",
    // When, as text: those of one e-mail are read joined.
    columns: &[Column::text("email_id"), Column::text("tried_at")],
    indexes: &[&["email_id"]],
};

/// Mailboxes of erased people, by what stands for their addresses. Events of e-mails to them may be
/// read after the erasure, by whoever reads another part of the log: those that began before it are
/// not shown.
pub(super) static ERASED: Table = Table {
    name: "erased_mailboxes",
    key: "id",
    // Of the last erasure: somebody else may have the address now.
    columns: &[Column::int("position")],
    indexes: &[],
};
