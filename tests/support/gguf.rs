//! A language model of a hundred kilobytes that knows nothing: the smallest thing that a server of llama.cpp takes for a
//! model. Its vocabulary is the 256 bytes, its weights are noise, the same for the same seed.

use std::collections::BTreeMap;

const WIDTH: usize = 32;
const HEADS: u32 = 2;
const HIDDEN: usize = 64;
const LAYERS: usize = 1;
/// Tokens before those of the bytes: unknown, beginning, end.
const SPECIAL: usize = 3;
const VOCABULARY: usize = SPECIAL + 256;
/// Where each tensor begins, in multiples of so many bytes.
const ALIGNMENT: usize = 32;

// The kinds of values in a GGUF file (version 3).
const U32: u32 = 4;
const I32: u32 = 5;
const F32: u32 = 6;
const BOOL: u32 = 7;
const TEXT: u32 = 8;
const ARRAY: u32 = 9;

/// A model as a GGUF file. `slants` makes it prefer (above 0) or avoid bytes, whatever it was asked: 1 outweighs all noise.
pub fn model(seed: u64, slants: &[(u8, f32)]) -> Vec<u8> {
    let tensors = tensors(seed, slants);
    let settings = settings();
    let mut file = b"GGUF".to_vec();
    file.extend(3u32.to_le_bytes());
    file.extend((tensors.len() as u64).to_le_bytes());
    file.extend((settings.len() as u64).to_le_bytes());
    for (name, value) in settings {
        text(&mut file, name);
        file.extend(value);
    }
    let mut offset = 0;
    for (name, shape, values) in &tensors {
        text(&mut file, name);
        file.extend((shape.len() as u32).to_le_bytes());
        shape.iter().for_each(|size| file.extend((*size as u64).to_le_bytes()));
        file.extend(0u32.to_le_bytes()); // 32-bit floats
        file.extend((offset as u64).to_le_bytes());
        offset = (offset + 4 * values.len()).next_multiple_of(ALIGNMENT);
    }
    for (_, _, values) in &tensors {
        file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
        values.iter().for_each(|value| file.extend(value.to_le_bytes()));
    }
    file
}

fn text(file: &mut Vec<u8>, text: &str) {
    file.extend((text.len() as u64).to_le_bytes());
    file.extend(text.as_bytes());
}

fn settings() -> BTreeMap<&'static str, Vec<u8>> {
    let number = |value: u32| [U32.to_le_bytes(), value.to_le_bytes()].concat();
    let real = |value: f32| [F32.to_le_bytes(), value.to_le_bytes()].concat();
    let flag = |value: bool| [&BOOL.to_le_bytes()[..], &[u8::from(value)]].concat();
    let string = |value: &str| {
        let mut bytes = TEXT.to_le_bytes().to_vec();
        text(&mut bytes, value);
        bytes
    };
    let list = |kind: u32, items: Vec<Vec<u8>>| {
        let mut bytes = [ARRAY.to_le_bytes(), kind.to_le_bytes()].concat();
        bytes.extend((items.len() as u64).to_le_bytes());
        items.into_iter().for_each(|item| bytes.extend(item));
        bytes
    };
    let names = ["<unk>", "<s>", "</s>"].map(str::to_owned).into_iter();
    let tokens = names.chain((0..256).map(|byte| format!("<0x{byte:02X}>"))).map(|name| {
        let mut bytes = Vec::new();
        text(&mut bytes, &name);
        bytes
    });
    // 2: unknown, 3: control, 6: a byte.
    let kinds = [2i32, 3, 3].into_iter().chain([6; 256]).map(|kind| kind.to_le_bytes().to_vec());
    let scores = (0..VOCABULARY).map(|_| 0f32.to_le_bytes().to_vec());
    BTreeMap::from([
        ("general.architecture", string("llama")),
        ("general.name", string("noise")),
        ("llama.attention.head_count", number(HEADS)),
        ("llama.attention.layer_norm_rms_epsilon", real(1e-5)),
        ("llama.block_count", number(LAYERS as u32)),
        ("llama.context_length", number(32 * 1024)),
        ("llama.embedding_length", number(WIDTH as u32)),
        ("llama.feed_forward_length", number(HIDDEN as u32)),
        ("llama.rope.dimension_count", number(WIDTH as u32 / HEADS)),
        ("tokenizer.ggml.add_space_prefix", flag(false)),
        ("tokenizer.ggml.bos_token_id", number(1)),
        ("tokenizer.ggml.eos_token_id", number(2)),
        ("tokenizer.ggml.model", string("llama")),
        ("tokenizer.ggml.scores", list(F32, scores.collect())),
        ("tokenizer.ggml.token_type", list(I32, kinds.collect())),
        ("tokenizer.ggml.tokens", list(TEXT, tokens.collect())),
        ("tokenizer.ggml.unknown_token_id", number(0)),
    ])
}

type Tensor = (String, Vec<usize>, Vec<f32>);

fn tensors(seed: u64, slants: &[(u8, f32)]) -> Vec<Tensor> {
    let mut state = seed.max(1);
    let mut noise = move |size: f32| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 40) as f32 / (1 << 23) as f32 - 1.0) * size
    };
    let mut matrix = |name: &str, columns: usize, rows: usize, size: f32| -> Tensor {
        (name.to_owned(), vec![columns, rows], (0..columns * rows).map(|_| noise(size)).collect())
    };
    let mut tensors = vec![matrix("token_embd.weight", WIDTH, VOCABULARY, 1.0)];
    let mut output = matrix("output.weight", WIDTH, VOCABULARY, 0.1);
    if !slants.is_empty() {
        // The first of a token's numbers is much the same all the way through, so that its weight at the end is a slant.
        tensors[0].2.iter_mut().step_by(WIDTH).for_each(|value| *value = 8.0);
        output.2.iter_mut().step_by(WIDTH).for_each(|value| *value = 0.0);
        for (byte, slant) in slants {
            output.2[(SPECIAL + usize::from(*byte)) * WIDTH] = *slant;
        }
    }
    tensors.push(output);
    for layer in 0..LAYERS {
        for (name, columns, rows) in [
            ("attn_q", WIDTH, WIDTH),
            ("attn_k", WIDTH, WIDTH),
            ("attn_v", WIDTH, WIDTH),
            ("attn_output", WIDTH, WIDTH),
            ("ffn_gate", WIDTH, HIDDEN),
            ("ffn_up", WIDTH, HIDDEN),
            ("ffn_down", HIDDEN, WIDTH),
        ] {
            tensors.push(matrix(&format!("blk.{layer}.{name}.weight"), columns, rows, 0.1));
        }
        for name in ["attn_norm", "ffn_norm"] {
            tensors.push((format!("blk.{layer}.{name}.weight"), vec![WIDTH], vec![1.0; WIDTH]));
        }
    }
    tensors.push(("output_norm.weight".to_owned(), vec![WIDTH], vec![1.0; WIDTH]));
    tensors
}
