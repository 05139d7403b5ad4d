//! The commands of the book: found in its pages, checked against the workspace, and executed.
//!
//! A command is a line that begins with `$ ` in a block of the language `console`. The commands of a block are run one after the other in bash, in the root of the workspace, with
//! the programs of the release profile in the search path; each must end with code 0. What a block needs besides stands in a comment before it, which readers of the book
//! do not see:
//!
//! ```text
//! <!-- commands: in docs/examples/avro -->            in a copy of that directory
//! <!-- commands: 2 exits 1 -->                        the second command ends with code 1
//! <!-- commands: 1 serves until listening -->         it is a server: the next ones begin when it has said `listening`, and it is stopped behind the last
//! <!-- commands: 3 wants kafka -->                    only where Java 17 and Apache Kafka's jars are
//! <!-- commands: 3 wants docker -->                   only where a Docker engine answers
//! <!-- commands: all elsewhere CI runs it -->         not here, and why
//! ```
//!
//! Several, of one block, are separated by `;`.
//!
//! | room | what is in it |
//! |---|---|
//! | [`page`] | pages, blocks, commands, and what is said of them |
//! | [`known`] | whether what a command names is there: recipes, packages, labs, files. Costs nothing, and is a test |
//! | [`play`] | executing them: `just book-test` |

pub mod known;
pub mod page;
pub mod play;
