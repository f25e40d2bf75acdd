//! From scores to probabilities, learned on documents that the scores were not learned from.
//!
//! Everything here is a small logistic regression, by Newton's method in double precision, drawn towards what holds
//! where there is nothing to learn from.

/// How often Newton's method is stepped; it needs five or so.
const STEPS: usize = 25;

/// 1 / (1 + e⁻ˣ).
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// ln Σ eˣ; `None` of nothing.
pub(super) fn log_sum_exp(scores: impl Iterator<Item = f32> + Clone) -> Option<f32> {
    let most = scores.clone().reduce(f32::max)?;
    Some(most + scores.map(|score| (score - most).exp()).sum::<f32>().ln())
}

/// What was seen: the features, whether it was so (0 to 1), and how much it counts.
pub(super) struct Seen<const D: usize> {
    pub(super) features: [f32; D],
    pub(super) truth: f32,
    pub(super) weight: f32,
}

/// The coefficients that make what was seen likeliest, held near `prior` by `hold`.
pub(super) fn logistic<const D: usize>(seen: &[Seen<D>], prior: [f32; D], hold: f64) -> [f32; D] {
    let prior = prior.map(f64::from);
    let mut coefficients = prior;
    for _ in 0..STEPS {
        let mut slope = [0.0f64; D];
        let mut curve = [[0.0f64; D]; D];
        for at in 0..D {
            slope[at] = hold * (coefficients[at] - prior[at]);
            curve[at][at] = hold;
        }
        for one in seen {
            let features = one.features.map(f64::from);
            let score: f64 = features.iter().zip(&coefficients).map(|(x, c)| x * c).sum();
            let likely = 1.0 / (1.0 + (-score).exp());
            let weight = f64::from(one.weight);
            for row in 0..D {
                slope[row] += weight * (likely - f64::from(one.truth)) * features[row];
                for column in 0..D {
                    curve[row][column] += weight * likely * (1.0 - likely) * features[row] * features[column];
                }
            }
        }
        let Some(step) = solve(curve, slope) else { break };
        // A step that is too long is cut, or the method may swing.
        let longest = step.iter().fold(0.0f64, |most, part| most.max(part.abs()));
        let cut = if longest > 2.0 { 2.0 / longest } else { 1.0 };
        for (coefficient, part) in coefficients.iter_mut().zip(&step) {
            *coefficient -= cut * part;
        }
        if longest < 1e-6 {
            break;
        }
    }
    if coefficients.iter().all(|coefficient| coefficient.is_finite()) {
        coefficients.map(|coefficient| coefficient as f32)
    } else {
        prior.map(|coefficient| coefficient as f32)
    }
}

/// Solves `matrix` · x = `right` by elimination; `None` where there is no one answer.
fn solve<const D: usize>(mut matrix: [[f64; D]; D], mut right: [f64; D]) -> Option<[f64; D]> {
    for column in 0..D {
        let pivot = (column..D).max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))?;
        if matrix[pivot][column].abs() < 1e-12 {
            return None;
        }
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        for row in column + 1..D {
            let factor = matrix[row][column] / matrix[column][column];
            let above = matrix[column];
            for (cell, over) in matrix[row].iter_mut().zip(above).skip(column) {
                *cell -= factor * over;
            }
            right[row] -= factor * right[column];
        }
    }
    let mut answer = [0.0; D];
    for row in (0..D).rev() {
        let known: f64 = (row + 1..D).map(|at| matrix[row][at] * answer[at]).sum();
        answer[row] = (right[row] - known) / matrix[row][row];
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logistic_regression_finds_the_odds_that_were_seen() {
        // Of ten with the feature nine were so, of ten without it two.
        let seen: Vec<Seen<2>> = (0..20)
            .map(|at| {
                let feature = f32::from(at < 10);
                let truth = f32::from(!(9..18).contains(&at));
                Seen { features: [1.0, feature], truth, weight: 1.0 }
            })
            .collect();
        let [base, feature] = logistic(&seen, [0.0, 0.0], 1e-6);
        assert!((sigmoid(base) - 0.2).abs() < 0.01, "{base}");
        assert!((sigmoid(base + feature) - 0.9).abs() < 0.01, "{feature}");
        assert_eq!(logistic(&[], [1.5, -2.0], 1.0), [1.5, -2.0]);
    }
}
