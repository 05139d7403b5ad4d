//! More films of the same kind.

use super::Movie;

/// The set so many times, with ids of their own. Copies have titles and directors of their own, so that directors keep as many films as they have;
/// distributors and genres stay few, and get more of them.
#[must_use]
pub fn copies(movies: &[Movie], times: u32) -> Vec<Movie> {
    let mut all = Vec::with_capacity(movies.len().saturating_mul(times as usize));
    for copy in 1..=times {
        for movie in movies {
            let Ok(id) = i32::try_from(all.len() + 1) else { return all };
            let named =
                |name: &String| if copy == 1 { name.clone() } else { format!("{name} ({copy})") };
            all.push(Movie {
                id,
                title: named(&movie.title),
                director: movie.director.as_ref().map(named),
                ..movie.clone()
            });
        }
    }
    all
}
