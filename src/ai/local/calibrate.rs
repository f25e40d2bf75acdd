//! From scores to probabilities, learned on documents that the scores were not learned from.
//!
//! Everything here is a small logistic regression, by Newton's method in double precision, drawn towards what holds
//! where there is nothing to learn from.

/// How often Newton's method is stepped at most; it needs five or so. And how often a step is halved.
const STEPS: usize = 50;
const HALVES: i32 = 20;

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
    let mut loss = loss_of(seen, &coefficients, &prior, hold);
    for _ in 0..STEPS {
        let mut slope = [0.0f64; D];
        let mut curve = [[0.0f64; D]; D];
        for at in 0..D {
            slope[at] = hold * (coefficients[at] - prior[at]);
            curve[at][at] = hold;
        }
        for one in seen {
            let features = one.features.map(f64::from);
            let likely = 1.0 / (1.0 + (-dot(&features, &coefficients)).exp());
            let weight = f64::from(one.weight);
            for row in 0..D {
                slope[row] += weight * (likely - f64::from(one.truth)) * features[row];
                for column in 0..D {
                    curve[row][column] += weight * likely * (1.0 - likely) * features[row] * features[column];
                }
            }
        }
        let Some(step) = solve(curve, slope) else { break };
        let stepped = |cut: f64| -> [f64; D] { std::array::from_fn(|at| coefficients[at] - cut * step[at]) };
        // Far from the answer a whole step can lead away from it. Some part of it always leads nearer.
        let nearer = (0..HALVES).map(|half| stepped(0.5f64.powi(half))).find_map(|tried| {
            let its_loss = loss_of(seen, &tried, &prior, hold);
            (its_loss < loss).then_some((tried, its_loss))
        });
        let Some((found, its_loss)) = nearer else { break };
        coefficients = found;
        let gained = loss - its_loss;
        loss = its_loss;
        if gained < 1e-9 * loss.abs() {
            break;
        }
    }
    coefficients.map(|coefficient| coefficient as f32)
}

/// How unlikely these coefficients make what was seen, and how far they are from `prior`.
fn loss_of<const D: usize>(seen: &[Seen<D>], coefficients: &[f64; D], prior: &[f64; D], hold: f64) -> f64 {
    let unlikely = |one: &Seen<D>| {
        let score = dot(&one.features.map(f64::from), coefficients);
        // ln (1 + eˣ), also where eˣ is too large a number.
        let sum = score.max(0.0) + (-score.abs()).exp().ln_1p();
        f64::from(one.weight) * (sum - f64::from(one.truth) * score)
    };
    let far: f64 = coefficients.iter().zip(prior).map(|(coefficient, prior)| (coefficient - prior).powi(2)).sum();
    seen.iter().map(unlikely).sum::<f64>() + 0.5 * hold * far
}

fn dot<const D: usize>(one: &[f64; D], other: &[f64; D]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
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

    #[test]
    fn what_is_told_apart_without_a_miss_is_so_from_any_start() {
        // Far to one side it is so, and to the other it is not; the second feature goes along with the first.
        let so = |at: i32| Seen { features: [1.0, at as f32, 5.0 + at as f32], truth: f32::from(at > 0), weight: 3.0 };
        let seen: Vec<Seen<3>> = (-40..=40).filter(|at: &i32| at.abs() > 2).map(so).collect();
        for prior in [[0.0, 0.0, 0.0], [9.0, -9.0, 0.0], [-5.0, 3.0, -7.0], [40.0, 40.0, -40.0]] {
            let found = logistic(&seen, prior, 0.5);
            let score = |one: &Seen<3>| one.features.iter().zip(&found).map(|(x, c)| x * c).sum::<f32>();
            assert!(seen.iter().all(|one| (sigmoid(score(one)) > 0.5) == (one.truth > 0.5)), "{prior:?} {found:?}");
        }
    }
}
