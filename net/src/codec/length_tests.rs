//! Frames, cut wherever they can be cut.

use bytes::BytesMut;
use proptest::prelude::*;

use super::*;

const WIDTHS: [LengthWidth; 4] =
    [LengthWidth::U8, LengthWidth::U16, LengthWidth::U32, LengthWidth::U64];
const ORDERS: [ByteOrder; 2] = [ByteOrder::BigEndian, ByteOrder::LittleEndian];

fn codecs(frame_max: usize) -> impl Iterator<Item = LengthDelimitedCodec> {
    let new = move |width, order| LengthDelimitedCodec::new(frame_max).width(width).order(order);
    WIDTHS.into_iter().flat_map(move |width| ORDERS.map(move |order| new(width, order)))
}

/// The frames found in `pieces`, fed one after the other, and the bytes left at the end.
fn frames_of<'a>(
    mut codec: LengthDelimitedCodec,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Vec<Vec<u8>>, usize), LengthError> {
    let mut bytes = BytesMut::new();
    let mut frames = Vec::new();
    for piece in pieces {
        bytes.extend_from_slice(piece);
        while let Some(frame) = codec.decode(&mut bytes)? {
            frames.push(frame.to_vec());
        }
    }
    while let Some(frame) = codec.decode_end(&mut bytes)? {
        frames.push(frame.to_vec());
    }
    Ok((frames, bytes.len()))
}

fn encoded(codec: &mut LengthDelimitedCodec, frames: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    frames.iter().for_each(|frame| codec.encode(frame, &mut out).unwrap());
    out
}

#[test]
fn the_bytes_are_what_other_programs_expect() {
    let mut out = Vec::new();
    for mut codec in codecs(8) {
        codec.encode("ab", &mut out).unwrap();
    }
    let expected: &[&[u8]] = &[
        b"\x02ab",
        b"\x02ab",
        b"\x00\x02ab",
        b"\x02\x00ab",
        b"\x00\x00\x00\x02ab",
        b"\x02\x00\x00\x00ab",
        b"\x00\x00\x00\x00\x00\x00\x00\x02ab",
        b"\x02\x00\x00\x00\x00\x00\x00\x00ab",
    ];
    assert_eq!(out, expected.concat());
}

#[test]
fn every_truncation_gives_the_complete_frames_and_leaves_the_rest() {
    let frames: [&[u8]; 4] = [b"", b"one", b"\x00\x01", b"seventeen"];
    for mut codec in codecs(16) {
        let bytes = encoded(&mut codec, &frames);
        let ends: Vec<usize> =
            (1..=frames.len()).map(|n| encoded(&mut codec, &frames[..n]).len()).collect();
        for end in 0..=bytes.len() {
            let (found, left) = frames_of(codec.clone(), bytes[..end].chunks(1)).unwrap();
            let complete = ends.iter().filter(|&&at| at <= end).count();
            assert_eq!(found, frames[..complete], "{codec:?} truncated at {end}");
            let consumed = complete.checked_sub(1).map_or(0, |last| ends[last]);
            assert_eq!(left, end - consumed, "{codec:?} truncated at {end}");
        }
    }
}

#[test]
fn a_claim_is_refused_before_anything_is_reserved_for_it() {
    for mut codec in codecs(16) {
        let field = codec.width.bytes();
        let mut bytes = BytesMut::from(&vec![0xff; field][..]);
        let capacity = bytes.capacity();
        let error = codec.decode(&mut bytes).unwrap_err();
        assert_eq!(error.frame_max, 16);
        assert_eq!(error.length, codec.width.frame_max());
        assert_eq!((bytes.len(), bytes.capacity()), (field, capacity));
    }
}

#[test]
fn a_claim_within_the_bound_reserves_nothing_either() {
    let mut codec = LengthDelimitedCodec::new(1 << 20);
    let mut bytes = BytesMut::from(&(1u32 << 20).to_be_bytes()[..]);
    let capacity = bytes.capacity();
    assert_eq!(codec.decode(&mut bytes), Ok(None));
    assert_eq!(bytes.capacity(), capacity);
}

#[test]
fn a_frame_may_be_as_long_as_allowed_and_no_longer() {
    for mut codec in codecs(16) {
        let bytes = encoded(&mut codec, &[&[7; 16]]);
        assert_eq!(frames_of(codec.clone(), [&bytes[..]]), Ok((vec![vec![7; 16]], 0)));
        assert_eq!(bytes.len(), codec.item_bytes_max());
        let over = LengthError { length: 17, frame_max: 16 };
        assert_eq!(codec.encode([7; 17], &mut Vec::new()), Err(over));
        // The same frame, from a peer with a wider bound.
        let mut wider = codec.clone();
        wider.frame_max = 17;
        let bytes = encoded(&mut wider, &[&[7; 17]]);
        assert_eq!(frames_of(codec, bytes.chunks(1)), Err(over));
    }
}

#[test]
fn a_narrow_field_lowers_the_bound() {
    let mut codec = LengthDelimitedCodec::new(1000).width(LengthWidth::U8);
    assert_eq!(codec.item_bytes_max(), 256);
    let over = LengthError { length: 256, frame_max: 255 };
    assert_eq!(codec.encode([0; 256], &mut Vec::new()), Err(over));
    assert!(codec.encode([0; 255], &mut Vec::new()).is_ok());
}

#[test]
fn the_largest_bounds_do_not_overflow() {
    let mut codec = LengthDelimitedCodec::new(usize::MAX).width(LengthWidth::U64);
    assert_eq!(codec.item_bytes_max(), usize::MAX);
    let mut bytes = BytesMut::from(&[0xff; 8][..]);
    assert_eq!(codec.decode(&mut bytes), Ok(None));
}

proptest! {
    /// What is written is read back, however it is cut into pieces.
    #[test]
    fn frames_survive_any_cutting(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
        cut in 1usize..300,
        which in 0usize..8,
    ) {
        let mut codec = codecs(255).nth(which).unwrap();
        let slices: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let bytes = encoded(&mut codec, &slices);
        prop_assert_eq!(frames_of(codec, bytes.chunks(cut)), Ok((frames, 0)));
    }

    /// Arbitrary bytes give frames or an error, never a panic, and never more than was allowed.
    #[test]
    fn arbitrary_bytes_are_survived(bytes: Vec<u8>, cut in 1usize..16, which in 0usize..8) {
        let codec = codecs(32).nth(which).unwrap();
        if let Ok((frames, left)) = frames_of(codec.clone(), bytes.chunks(cut)) {
            prop_assert!(frames.iter().all(|frame| frame.len() <= 32));
            prop_assert!(left < codec.item_bytes_max());
        }
    }
}
