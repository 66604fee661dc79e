//! Redis Cluster's slots.

/// How many slots there are.
pub(crate) const SLOTS: u16 = 16_384;

/// The slot of `key`, below [`SLOTS`].
pub(crate) fn slot(key: &[u8]) -> u16 {
    crc16(tag(key)) % SLOTS
}

/// The part of `key` that decides: what stands between the first `{` and the first `}` after it,
/// or all of the key if there is no such pair or nothing in it.
fn tag(key: &[u8]) -> &[u8] {
    // Few keys have one. Without an early end, eight bytes are compared at once.
    let (chunks, rest) = key.as_chunks::<8>();
    let is_open = |found: bool, byte: &u8| found | (*byte == b'{');
    let any = chunks.iter().any(|chunk| chunk.iter().fold(false, is_open));
    if !any && !rest.iter().fold(false, is_open) {
        return key;
    }
    let Some(open) = key.iter().position(|&byte| byte == b'{') else { return key };
    let inner = &key[open + 1..];
    match inner.iter().position(|&byte| byte == b'}') {
        None | Some(0) => key,
        Some(close) => &inner[..close],
    }
}

/// CRC-16/XMODEM: polynomial 0x1021, start 0, no reflection.
///
/// Eight bytes a step ("slicing by 8"): byte by byte, each look-up waits for the one before, and
/// the sum of a key costs more than finding the key. Kounavis, Berry: Novel Table Lookup-Based
/// Algorithms for High-Performance CRC Generation, 2008.
fn crc16(bytes: &[u8]) -> u16 {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let crc = chunks.iter().fold(0, |crc: u16, chunk| {
        let [high, low] = crc.to_be_bytes();
        let [a, b, c, d, e, f, g, h] = *chunk;
        TABLES[7][usize::from(a ^ high)]
            ^ TABLES[6][usize::from(b ^ low)]
            ^ TABLES[5][usize::from(c)]
            ^ TABLES[4][usize::from(d)]
            ^ TABLES[3][usize::from(e)]
            ^ TABLES[2][usize::from(f)]
            ^ TABLES[1][usize::from(g)]
            ^ TABLES[0][usize::from(h)]
    });
    rest.iter().fold(crc, |crc, byte| {
        let [high, low] = crc.to_be_bytes();
        TABLES[0][usize::from(high ^ byte)] ^ u16::from(low) << 8
    })
}

/// What a byte contributes with `n` zero bytes behind it, for each `n` below 8.
static TABLES: [[u16; 256]; 8] = tables();

const fn tables() -> [[u16; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut zeros = 0;
        while zeros < 8 {
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
                bit += 1;
            }
            tables[zeros][byte] = crc;
            zeros += 1;
        }
        byte += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_checksum() {
        // The value that catalogues of checksums give for CRC-16/XMODEM.
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(crc16(b""), 0);
    }

    #[test]
    fn eight_bytes_a_step_is_one_bit_a_step() {
        let bytes: Vec<u8> = (0..100_u8).map(|number| number.wrapping_mul(151)).collect();
        for len in 0..=bytes.len() {
            let by_bits = bytes[..len].iter().fold(0_u16, |crc, byte| {
                (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
                    crc << 1 ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 }
                })
            });
            assert_eq!(crc16(&bytes[..len]), by_bits, "{len} bytes");
        }
    }

    #[test]
    fn the_hash_tag_rule() {
        let table = [
            ("key", "key"),
            ("{user1000}.following", "user1000"),
            ("{user1000}.followers", "user1000"),
            ("foo{}{bar}", "foo{}{bar}"),
            ("foo{{bar}}zap", "{bar"),
            ("foo{bar}{zap}", "bar"),
            ("}{a}", "a"),
            ("{a", "{a"),
            ("a}", "a}"),
            ("{}", "{}"),
            ("", ""),
        ];
        for (key, expected) in table {
            assert_eq!(tag(key.as_bytes()), expected.as_bytes(), "{key}");
        }
    }
}
