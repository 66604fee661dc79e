//! Lines, cut wherever they can be cut.

use bytes::BytesMut;
use proptest::prelude::*;

use super::*;

/// The lines found in `pieces`, fed one after the other, and the bytes left at the end.
fn lines_of<'a>(
    mut codec: LinesCodec,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Vec<String>, usize), LineError> {
    let mut bytes = BytesMut::new();
    let mut lines = Vec::new();
    for piece in pieces {
        bytes.extend_from_slice(piece);
        while let Some(line) = codec.decode(&mut bytes)? {
            lines.push(line);
        }
    }
    while let Some(line) = codec.decode_end(&mut bytes)? {
        lines.push(line);
    }
    Ok((lines, bytes.len()))
}

const TEXT: &[u8] = "one\r\nzwölf\n\n\r\nlast\r\n".as_bytes();
const LINES: [&str; 5] = ["one", "zwölf", "", "", "last"];

#[test]
fn every_cut_in_two_gives_the_same_lines() {
    for cut in 0..=TEXT.len() {
        let (lines, left) = lines_of(LinesCodec::new(8), [&TEXT[..cut], &TEXT[cut..]]).unwrap();
        assert_eq!((lines.as_slice(), left), (&LINES.map(String::from)[..], 0), "cut at {cut}");
    }
}

#[test]
fn every_truncation_gives_the_complete_lines_and_leaves_the_rest() {
    for end in 0..=TEXT.len() {
        let (lines, left) = lines_of(LinesCodec::new(8), TEXT[..end].chunks(1)).unwrap();
        let complete = TEXT[..end].iter().filter(|&&byte| byte == b'\n').count();
        assert_eq!(lines, LINES[..complete], "truncated at {end}");
        let tail = TEXT[..end].iter().rev().take_while(|&&byte| byte != b'\n').count();
        assert_eq!(left, tail, "truncated at {end}");
    }
}

#[test]
fn an_unterminated_line_counts_only_where_it_was_accepted() {
    let strict = lines_of(LinesCodec::new(8), [&b"a\nDELETE 1"[..]]).unwrap();
    assert_eq!(strict, (vec!["a".to_owned()], 8));
    let lenient = LinesCodec::new(8).accept_unterminated();
    let taken = lines_of(lenient.clone(), [&b"a\nDELETE 1"[..]]).unwrap();
    assert_eq!(taken, (vec!["a".to_owned(), "DELETE 1".to_owned()], 0));
    assert_eq!(lines_of(lenient, [&b"a\n"[..]]).unwrap(), (vec!["a".to_owned()], 0));
}

#[test]
fn a_line_may_be_as_long_as_allowed_and_no_longer() {
    let codec = || LinesCodec::new(4);
    let too_long = Err(LineError::TooLong { line_max: 4 });
    for fits in [&b"abcd\n"[..], b"abcd\r\n"] {
        assert_eq!(lines_of(codec(), fits.chunks(1)), Ok((vec!["abcd".to_owned()], 0)));
    }
    // Refused before its end has arrived, and also when it arrives in one piece.
    for over in [&b"abcde"[..], b"abcde\n", b"abcd\rx", b"abcd\r\r\n"] {
        assert_eq!(lines_of(codec(), over.chunks(1)), too_long, "{over:?} byte by byte");
        assert_eq!(lines_of(codec(), [over]), too_long, "{over:?} at once");
    }
    // The carriage return of a line that may yet end.
    assert_eq!(lines_of(codec(), [&b"abcd\r"[..]]), Ok((vec![], 5)));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert_eq!(lines_of(LinesCodec::new(8), [&b"a\xffb\n"[..]]), Err(LineError::NotUtf8));
    // Half a character at the end of a line.
    assert_eq!(lines_of(LinesCodec::new(8), [&b"\xc3\n\xb6\n"[..]]), Err(LineError::NotUtf8));
}

#[test]
fn a_line_that_would_be_read_as_another_is_not_written() {
    let mut codec = LinesCodec::new(4);
    let mut out = Vec::new();
    for broken in ["a\nb", "\n", "a\r", "\r"] {
        assert_eq!(codec.encode(broken, &mut out), Err(LineError::LineBreak), "{broken:?}");
    }
    assert_eq!(codec.encode("abcde", &mut out), Err(LineError::TooLong { line_max: 4 }));
    codec.encode("a\rb", &mut out).unwrap();
    assert_eq!(out, b"a\rb\n");
}

proptest! {
    /// What is written is read back, however it is cut into pieces.
    #[test]
    fn lines_survive_any_cutting(
        texts in prop::collection::vec("[^\n]{0,40}", 0..20),
        cuts in prop::collection::vec(1usize..64, 1..40),
    ) {
        let mut codec = LinesCodec::new(256);
        let mut out = Vec::new();
        let mut written = Vec::new();
        for text in texts {
            if codec.encode(&text, &mut out).is_ok() {
                written.push(text);
            } else {
                prop_assert!(text.ends_with('\r'));
            }
        }
        let (mut rest, mut pieces) = (&out[..], Vec::new());
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, tail) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = tail;
        }
        prop_assert_eq!(lines_of(codec, pieces), Ok((written, 0)));
    }

    /// Arbitrary bytes give lines or an error, never a panic, and never more than was allowed.
    #[test]
    fn arbitrary_bytes_are_survived(bytes: Vec<u8>, cut in 1usize..16, line_max in 0usize..32) {
        if let Ok((lines, _)) = lines_of(LinesCodec::new(line_max), bytes.chunks(cut)) {
            prop_assert!(lines.iter().all(|line| line.len() <= line_max));
        }
    }
}
