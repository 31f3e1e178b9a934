//! Makes, serves and drops the tables of read models.

use crate::{
    db::{Db, DbError, Kind, Tx},
    projections::{Projection, Table},
};

/// Makes the empty tables of a generation, without secondary indexes, which are cheaper to make
/// when the rows are there.
pub(super) async fn create(
    tx: &mut Tx,
    projection: &Projection,
    generation: u32,
) -> Result<(), DbError> {
    for table in projection.tables {
        let sql = table_sql(tx, table, &table.stored(projection.version, generation));
        tx.execute(&sql, &[]).await?;
    }
    Ok(())
}

/// Makes the secondary indexes of a generation.
pub(super) async fn index(
    db: &Db,
    projection: &Projection,
    generation: u32,
) -> Result<(), DbError> {
    for table in projection.tables {
        let stored = table.stored(projection.version, generation);
        for (number, columns) in table.indexes.iter().enumerate() {
            let columns = columns.join(", ");
            let sql =
                format!("CREATE INDEX IF NOT EXISTS {stored}_i{number} ON {stored} ({columns})");
            db.execute(&sql, &[]).await?;
        }
    }
    Ok(())
}

/// Points the views at a generation.
pub(super) async fn serve(
    tx: &mut Tx,
    projection: &Projection,
    generation: u32,
) -> Result<(), DbError> {
    for table in projection.tables {
        let view = table.view(projection.version);
        let stored = table.stored(projection.version, generation);
        let columns = column_list(table);
        if matches!(tx, Tx::Sqlite(_)) {
            tx.execute(&format!("DROP VIEW IF EXISTS {view}"), &[]).await?;
            tx.execute(&format!("CREATE VIEW {view} AS SELECT {columns} FROM {stored}"), &[])
                .await?;
        } else {
            let sql = format!("CREATE OR REPLACE VIEW {view} AS SELECT {columns} FROM {stored}");
            tx.execute(&sql, &[]).await?;
        }
    }
    Ok(())
}

/// Drops the tables of a generation; nothing may be served from them.
pub(super) async fn drop_generation(
    tx: &mut Tx,
    projection: &Projection,
    version: u32,
    generation: u32,
) -> Result<(), DbError> {
    for table in projection.tables {
        tx.execute(&format!("DROP TABLE IF EXISTS {}", table.stored(version, generation)), &[])
            .await?;
    }
    Ok(())
}

/// Drops the views of a version.
pub(super) async fn stop_serving(
    tx: &mut Tx,
    projection: &Projection,
    version: u32,
) -> Result<(), DbError> {
    for table in projection.tables {
        tx.execute(&format!("DROP VIEW IF EXISTS {}", table.view(version)), &[]).await?;
    }
    Ok(())
}

/// Key and columns, as every statement names them.
pub(super) fn column_list(table: &Table) -> String {
    let mut list = table.key.to_owned();
    for column in table.columns {
        list.push_str(", ");
        list.push_str(column.name);
    }
    list
}

fn table_sql(tx: &Tx, table: &Table, stored: &str) -> String {
    let (kind, suffix): (fn(Kind) -> &'static str, _) = match tx {
        Tx::Postgres(_) => (postgres_type, ""),
        Tx::Sqlite(_) => (sqlite_type, " STRICT"),
    };
    let mut sql =
        format!("CREATE TABLE {stored} ({} {} NOT NULL PRIMARY KEY", table.key, kind(Kind::Text));
    for column in table.columns {
        let null = if column.nullable { "" } else { " NOT NULL" };
        sql.extend([", ", column.name, " ", kind(column.kind), null]);
    }
    sql.push(')');
    sql.push_str(suffix);
    sql
}

fn postgres_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text COLLATE \"C\"",
        Kind::Int => "bigint",
        Kind::Bool => "boolean",
        Kind::Time => "timestamptz",
        Kind::Json => "jsonb",
    }
}

fn sqlite_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Time | Kind::Json => "TEXT",
        Kind::Int | Kind::Bool => "INTEGER",
    }
}
