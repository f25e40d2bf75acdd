//! A model as bytes, and back.
//!
//! `DVLM`, the format's number, the parts of the model one after the other, and a checksum over all of it. What is read
//! may come from anywhere: nothing is allocated that the bytes are too few for, every number is held to its bounds, and
//! what comes out has all that `Model` and `Table` keep invariant.

use super::model::{Calibration, Known, Model, SIGNS};
use super::table::{MOST_VALUES, Table, Value};
use super::tokens::BUCKET_BITS;
use super::vectors::Rarity;
use crate::domain::TopicId;
use uuid::Uuid;

const MAGIC: &[u8] = b"DVLM";
/// What no number of a sound model comes near.
const LARGEST: f32 = 1e6;
/// Of a topic: id, print, examples, mean and deviation.
const TOPIC_BYTES: usize = 16 + 8 + 4 + 4 + 4;

/// Why bytes are no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadModel {
    /// They never were.
    #[error("these bytes are no model")]
    Foreign,
    /// They are of another version of this program.
    #[error("the model has format {0}, which this version does not read")]
    OtherFormat(u16),
    /// They were changed or cut off.
    #[error("the model is damaged")]
    Damaged,
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

impl Model {
    /// The number of this format. Bytes with another number are refused, and the model is to be trained anew.
    pub const FORMAT: u16 = 1;

    /// The model as bytes, to be kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024 + 4 * (self.weights.values.len() + self.middles.values.len()));
        out.extend(MAGIC);
        out.extend(Self::FORMAT.to_le_bytes());
        out.push(u8::from(self.knows_none));
        put_number(&mut out, self.topics.len() as u32);
        for topic in &self.topics {
            out.extend(topic.id.as_uuid().as_bytes());
            out.extend(topic.print.to_le_bytes());
            out.extend(topic.examples.to_le_bytes());
            out.extend(topic.near.0.to_le_bytes());
            out.extend(topic.near.1.to_le_bytes());
        }
        let Calibration { blend, fits, known } = self.calibration;
        [blend].iter().chain(&fits).chain(&known).for_each(|number| out.extend(number.to_le_bytes()));
        for run in self.rarity.bytes().chunk_by(|a, b| a == b) {
            out.extend(run.first());
            put_number(&mut out, run.len() as u32);
        }
        put_table(&mut out, &self.weights);
        put_table(&mut out, &self.middles);
        sealed(&out)
    }

    /// A model from bytes.
    ///
    /// # Errors
    /// When they are no model of this format, whole and sound.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadModel> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(BadModel::Foreign)?;
        let (format, _) = rest.split_first_chunk().ok_or(BadModel::Damaged)?;
        let format = u16::from_le_bytes(*format);
        if format != Self::FORMAT {
            return Err(BadModel::OtherFormat(format));
        }
        let (body, sum) = bytes.split_last_chunk().ok_or(BadModel::Damaged)?;
        if checksum(body) != u64::from_le_bytes(*sum) {
            return Err(BadModel::Damaged);
        }
        let body = body.get(MAGIC.len() + 2..).ok_or(BadModel::Damaged)?;
        let mut source = Source(body);
        let model = source.model().ok_or(BadModel::Damaged)?;
        if source.0.is_empty() { Ok(model) } else { Err(BadModel::Damaged) }
    }
}

/// Bytes with their checksum.
pub(super) fn sealed(bytes: &[u8]) -> Vec<u8> {
    [bytes, &checksum(bytes).to_le_bytes()].concat()
}

fn put_table(out: &mut Vec<u8>, table: &Table) {
    out.extend(table.unit.to_le_bytes());
    put_number(out, table.buckets.len() as u32);
    put_number(out, table.values.len() as u32);
    let (mut before, mut start) = (0, 0);
    for (bucket, end) in table.buckets.iter().zip(&table.ends) {
        put_number(out, bucket - before);
        put_number(out, end - start);
        let mut topic = 0;
        for value in table.values.get(start as usize..*end as usize).unwrap_or_default() {
            put_number(out, u32::from(value.topic - topic));
            // The sign goes last, so that a small level is a small number.
            let level = i32::from(value.level);
            put_number(out, (level.unsigned_abs() << 1) | u32::from(level < 0));
            topic = value.topic;
        }
        (before, start) = (*bucket, *end);
    }
}

/// Seven bits a byte, the lowest first.
fn put_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// What is still to be read.
struct Source<'a>(&'a [u8]);

impl Source<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.take()?;
            number |= u32::from(byte & 0x7F).checked_mul(1 << shift)?;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn float(&mut self) -> Option<f32> {
        let float = f32::from_le_bytes(self.take()?);
        (float.abs() <= LARGEST).then_some(float)
    }

    fn floats<const N: usize>(&mut self) -> Option<[f32; N]> {
        let mut floats = [0.0; N];
        for float in &mut floats {
            *float = self.float()?;
        }
        Some(floats)
    }

    fn model(&mut self) -> Option<Model> {
        let [knows_none] = self.take()?;
        let topics = self.topics()?;
        let calibration =
            Calibration { blend: self.float()?, fits: self.floats::<3>()?, known: self.floats::<SIGNS>()? };
        let mut rarity = Vec::with_capacity(1 << BUCKET_BITS);
        while rarity.len() < 1 << BUCKET_BITS {
            let [value] = self.take()?;
            let run = self.number()? as usize;
            if run == 0 || rarity.len() + run > 1 << BUCKET_BITS {
                return None;
            }
            rarity.resize(rarity.len() + run, value);
        }
        let rarity = Rarity::from_bytes(&rarity)?;
        let knows_none = match knows_none {
            0 => false,
            1 => true,
            _ => return None,
        };
        let width = topics.len() + usize::from(knows_none);
        let weights = self.table(width)?;
        let middles = self.table(width)?;
        Some(Model { topics, knows_none, rarity, weights, middles, calibration })
    }

    fn topics(&mut self) -> Option<Vec<Known>> {
        let count = self.number()? as usize;
        if count > self.0.len() / TOPIC_BYTES || count >= usize::from(u16::MAX) {
            return None;
        }
        let mut topics: Vec<Known> = Vec::with_capacity(count);
        for _ in 0..count {
            let id = TopicId::from(Uuid::from_bytes(self.take()?));
            let (print, examples) = (u64::from_le_bytes(self.take()?), u32::from_le_bytes(self.take()?));
            let near = (self.float()?, self.float()?);
            if topics.last().is_some_and(|last| last.id >= id) {
                return None;
            }
            topics.push(Known { id, print, examples, near });
        }
        Some(topics)
    }

    fn table(&mut self, width: usize) -> Option<Table> {
        let unit = self.float()?;
        let (buckets, values) = (self.number()? as usize, self.number()? as usize);
        // A bucket takes two bytes at least, and a value two.
        if buckets > 1 << BUCKET_BITS || values > MOST_VALUES || 2 * (buckets + values) > self.0.len() {
            return None;
        }
        let mut table = (Vec::with_capacity(buckets), Vec::with_capacity(buckets), Vec::with_capacity(values));
        let mut bucket = 0u32;
        for nth in 0..buckets {
            let step = self.number()?;
            bucket = bucket.checked_add(step)?;
            let count = self.number()? as usize;
            if (nth > 0 && step == 0) || bucket >= 1 << BUCKET_BITS || table.2.len() + count > values {
                return None;
            }
            let mut topic = 0u32;
            for nth in 0..count {
                let step = self.number()?;
                topic = topic.checked_add(step)?;
                let level = self.number()?;
                let size = i16::try_from(level >> 1).ok()?;
                if (nth > 0 && step == 0) || topic as usize >= width {
                    return None;
                }
                let level = if level & 1 == 1 { -size } else { size };
                table.2.push(Value { topic: topic as u16, level });
            }
            table.0.push(bucket);
            table.1.push(table.2.len() as u32);
        }
        let (buckets, ends, found) = table;
        (found.len() == values).then(|| Table::with_index(unit, buckets, ends, found))
    }
}
