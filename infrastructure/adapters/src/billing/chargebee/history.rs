//! What a customer paid and has to pay.

use application::{
    Result,
    subscriptions::invoices::{Invoice, InvoiceLine, InvoiceNote, InvoicePayment},
    wire_time::WireTime,
};
use domain::{
    kernel::Timestamp,
    subscriptions::{Amount, amount::DEFAULT_CURRENCY},
};
use time::OffsetDateTime;

use super::{
    answers::{OfInvoice, Page, ToldInvoice},
    http::Http,
};

/// What Chargebee gives at once.
const PAGE: u32 = 100;

pub async fn invoices(
    http: &Http,
    customer: &str,
    from: Timestamp,
    to: Timestamp,
    limit: u32,
) -> Result<Vec<Invoice>> {
    let (from, to) = (from.get().unix_timestamp(), to.get().unix_timestamp());
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut all, mut offset) = (Vec::<ToldInvoice>::new(), None::<String>);
    loop {
        let mut query = vec![
            ("customer_id[is]", customer.to_owned()),
            ("date[between]", format!("[{from},{to}]")),
            ("limit", limit.min(PAGE).to_string()),
            ("sort_by[asc]", "date".to_owned()),
        ];
        query.extend(offset.take().map(|offset| ("offset", offset)));
        let page: Page<OfInvoice> = http.get("invoices", &query).await?;
        let empty = page.list.is_empty();
        all.extend(page.list.into_iter().map(|found| found.invoice));
        match page.next_offset {
            Some(next) if all.len() < most && !empty => offset = Some(next),
            _ => break,
        }
    }
    // Those of the same time are in the same order whenever somebody looks.
    all.sort_by(|one, other| (one.date, &one.id).cmp(&(other.date, &other.id)));
    all.truncate(most);
    Ok(all.into_iter().map(invoice).collect())
}

fn wire(seconds: i64) -> Option<WireTime> {
    let at = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    Some(WireTime::from(Timestamp::new(at)))
}

fn invoice(told: ToldInvoice) -> Invoice {
    let currency = told.currency_code.unwrap_or_else(|| DEFAULT_CURRENCY.to_owned());
    let amount = |minor: Option<i64>| minor.map(|minor| Amount::of_minor(minor, &currency));
    let begin = told.line_items.iter().filter_map(|line| line.date_from).min();
    let end = told.line_items.iter().filter_map(|line| line.date_to).max();
    let line_items = told.line_items.into_iter().map(|line| InvoiceLine {
        reference: line.id.unwrap_or_default(),
        description: line.description.unwrap_or_default(),
        amount: amount(line.amount),
        currency: currency.clone(),
        is_taxed: line.is_taxed,
        tax_amount: amount(line.tax_amount),
    });
    let notes = told.notes.into_iter().filter_map(|note| note.note);
    let payment = told.linked_payments.into_iter().next().map(|payment| InvoicePayment {
        amount: amount(payment.applied_amount),
        currency: currency.clone(),
        paid_on_utc: payment.txn_date.and_then(wire),
        reference: payment.txn_id.unwrap_or_default(),
    });
    Invoice {
        id: told.id,
        amount: amount(told.total),
        includes_tax: told.price_type.as_deref() == Some("tax_inclusive"),
        tax_amount: amount(told.tax),
        invoiced_on_utc: told.date.and_then(wire),
        period_start_utc: begin.and_then(wire),
        period_end_utc: end.and_then(wire),
        status: if told.status.as_deref() == Some("paid") { "paid" } else { "unpaid" },
        line_items: line_items.collect(),
        notes: notes.map(|description| InvoiceNote { description }).collect(),
        payment,
        currency: currency.clone(),
    }
}
