//! Pages of messages.

use crate::cli::{CliError, Ctx, Exit};
use crate::show::Table;
use clawflow_core::delivery::Delivery;
use clawflow_engine::api::DeliveryListResponse;

/// Prints the page as this table, or as JSON, and how to get the next one.
pub(crate) fn tell_page(
    ctx: &Ctx,
    page: &DeliveryListResponse,
    table: fn(&[Delivery]) -> Table,
) -> Result<Exit, CliError> {
    if ctx.mode.json {
        ctx.mode.print_json(page)?;
        return Ok(Exit::Done);
    }
    match page.deliveries.is_empty() {
        true => ctx.mode.note("no messages"),
        false => ctx.mode.print(&table(&page.deliveries).render(ctx.mode))?,
    }
    if let Some(next) = &page.next {
        ctx.mode.note(&format!("hint: there are more: add --after {next}"));
    }
    Ok(Exit::Done)
}
