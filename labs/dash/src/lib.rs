//! One page of live figures: it scrapes our servers as Prometheus does, and draws the panels that Grafana has.
//!
//! | module | what it holds |
//! |---|---|
//! | [`exposition`] | the text that `/metrics` answers with |
//! | [`series`] | the last samples of every series, in bounded memory |
//! | [`expression`] | the part of PromQL that panels are written in |
//! | [`panels`] | the panels of `docker/dashboards/panels.toml` |
//! | [`grafana`] | the same panels as Grafana's dashboard |
//! | [`target`] | what is scraped, and scraping it |
//! | [`history`] | what panels have shown, in a bounded ring |
//! | [`board`] | all of that, again and again |
//! | [`http`] | the page |
//! | [`demo`] | our servers under load, in this process |
//! | [`lab`] | lab M1: the demo for half a minute, and what the panels have shown |
//! | [`picture`] | panels as an SVG |
//!
//! What it promises: memory is bounded, whatever targets say; nothing that they say makes it panic; the page asks nobody but its own server for anything.

pub mod board;
pub mod demo;
pub mod exposition;
pub mod expression;
pub mod grafana;
pub mod history;
pub mod http;
pub mod lab;
pub mod panels;
pub mod picture;
pub mod series;
pub mod target;

mod error;
mod pace;

pub use error::{Error, Result};
