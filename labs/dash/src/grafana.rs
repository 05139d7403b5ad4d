//! The same panels as Grafana wants them.

use serde_json::{Value, json};

use crate::panels::{Dashboard, Panel, Unit};

/// The provisioned data source, by its uid in `docker/grafana/datasources.yml`.
const SOURCE: &str = "prometheus";
/// Grafana's grid is 24 wide; two panels stand side by side.
const WIDTH: usize = 12;
const HEIGHT: usize = 8;

/// The dashboard as JSON, as it is checked in at `docker/dashboards/ml-systems.json`.
#[must_use]
pub fn dashboard(from: &Dashboard) -> String {
    let panels: Vec<Value> =
        from.panels.iter().enumerate().map(|(at, panel)| one(at, panel)).collect();
    let all = json!({
        "uid": "ml-systems",
        "title": from.title,
        "editable": false,
        "refresh": "5s",
        "schemaVersion": 39,
        "tags": ["generated: dash grafana"],
        "time": {"from": "now-15m", "to": "now"},
        "timezone": "browser",
        "panels": panels,
    });
    format!("{all:#}\n")
}

fn one(at: usize, panel: &Panel) -> Value {
    let unit = match panel.unit {
        Unit::PerSecond => "cps",
        Unit::BytesPerSecond => "Bps",
        Unit::Seconds => "s",
        Unit::Count | Unit::Bool => "short",
    };
    let targets: Vec<Value> = ('A'..='Z')
        .zip(&panel.queries)
        .map(|(id, query)| {
            json!({
                "refId": id.to_string(),
                "datasource": {"type": "prometheus", "uid": SOURCE},
                "expr": query.text,
                "legendFormat": query.legend,
            })
        })
        .collect();
    json!({
        "id": at + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.what,
        "datasource": {"type": "prometheus", "uid": SOURCE},
        "gridPos": {"x": at % 2 * WIDTH, "y": at / 2 * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": targets,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
mod tests {
    use super::*;

    #[test]
    fn what_is_checked_in_is_what_is_made() {
        let checked_in = include_str!("../../../docker/dashboards/ml-systems.json");
        let made = dashboard(&Dashboard::built_in().unwrap());
        // As values: the order of keys depends on what else is built.
        let [checked_in, made] =
            [checked_in, &made].map(|it| serde_json::from_str::<Value>(it).unwrap());
        assert!(
            made == checked_in,
            "make it anew: cargo run -p dash -- grafana > docker/dashboards/ml-systems.json"
        );
    }
}
