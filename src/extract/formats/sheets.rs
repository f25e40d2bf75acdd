//! Sheets: Office Open XML (XLSX, XLSM, XLTX, XLTM), its binary form (XLSB) and BIFF (XLS), by calamine. Each sheet under
//! its name, rows as lines, cells apart by tabs; numbers and times as people write them, as far as calamine knows.
//!
//! A cell in the last corner of a sheet must not cost the whole sheet: cells are taken one by one as they come, and
//! where calamine would lay out a rectangle (BIFF), it is measured first.

use super::out::Out;
use super::package::Package;
use super::xml::{self, Element, Go, Handler};
use super::{Failure, File};
use calamine::{Cell, CellType, DataType, Reader, Xls, Xlsb, Xlsx};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// More cells are left out.
const MOST_CELLS: usize = 5_000_000;
/// Cells of the rectangles that a BIFF file spans, all sheets together: calamine takes 32 bytes for each.
const MOST_AREA: u64 = 16_000_000;

/// Reads XLSX and its relatives.
pub fn xlsx(file: &mut dyn File, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut book = guarded(|| Xlsx::new(file).map_err(Failure::damaged))?;
    let mut left = MOST_CELLS;
    for name in book.sheet_names() {
        heading(&name, out)?;
        let read = guarded(|| {
            // A sheet that is a chart has no cells.
            let Ok(mut cells) = book.worksheet_cells_reader(&name) else { return Ok(()) };
            let mut rows = Rows::new(out, &mut left);
            while let Some(cell) = cells.next_cell().map_err(Failure::damaged)? {
                if !rows.cell(&cell)? {
                    break;
                }
            }
            Ok(())
        });
        out.tolerate(read)?;
    }
    Ok(())
}

/// Reads XLSB.
pub fn xlsb(file: &mut dyn File, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut book = guarded(|| Xlsb::new(file).map_err(Failure::damaged))?;
    let mut left = MOST_CELLS;
    for name in book.sheet_names() {
        heading(&name, out)?;
        let read = guarded(|| {
            let Ok(mut cells) = book.worksheet_cells_reader(&name) else { return Ok(()) };
            let mut rows = Rows::new(out, &mut left);
            while let Some(cell) = cells.next_cell().map_err(Failure::damaged)? {
                if !rows.cell(&cell)? {
                    break;
                }
            }
            Ok(())
        });
        out.tolerate(read)?;
    }
    Ok(())
}

/// Reads XLS, of which `book` is the stream that holds the sheets.
pub fn xls(file: &mut dyn File, book: &[u8], out: &mut Out<'_>) -> Result<(), Failure> {
    if area(book)? > MOST_AREA {
        return Err(Failure::TooLarge("sheets that are too wide and too long"));
    }
    let mut book = guarded(|| {
        Xls::new(file).map_err(|error| match error {
            calamine::XlsError::Password => Failure::Password,
            error => Failure::damaged(error),
        })
    })?;
    let mut left = MOST_CELLS;
    for name in book.sheet_names() {
        heading(&name, out)?;
        let Ok(range) = book.worksheet_range(&name) else { continue };
        let mut rows = Rows::new(out, &mut left);
        for (row, column, value) in range.used_cells() {
            let at = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            if !rows.value(at(row), at(column), value)? {
                break;
            }
        }
    }
    Ok(())
}

/// calamine indexes into what it reads, and some broken files make it panic. That is what is wrong with the file.
fn guarded<T>(read: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(Failure::Damaged("calamine gave up".to_owned())))
}

fn heading(name: &str, out: &mut Out<'_>) -> Result<(), Failure> {
    out.gap()?;
    out.line(name)
}

/// Puts cells where they belong, as they come.
struct Rows<'o, 'w> {
    out: &'o mut Out<'w>,
    left: &'o mut usize,
    row: u32,
    column: u32,
}

impl<'o, 'w> Rows<'o, 'w> {
    fn new(out: &'o mut Out<'w>, left: &'o mut usize) -> Self {
        Self { out, left, row: 0, column: 0 }
    }

    fn cell<T: DataType + CellType>(&mut self, cell: &Cell<T>) -> Result<bool, Failure> {
        let (row, column) = cell.get_position();
        self.value(row, column, cell.get_value())
    }

    /// False where no more are taken.
    fn value<T: DataType>(&mut self, row: u32, column: u32, value: &T) -> Result<bool, Failure> {
        if *self.left == 0 {
            self.out.left_out("more cells");
            return Ok(false);
        }
        *self.left -= 1;
        if row != self.row {
            self.out.row_end()?;
            (self.row, self.column) = (row, 0);
        }
        let Some(words) = shown(value) else { return Ok(true) };
        self.out.skip_cells(usize::try_from(column.saturating_sub(self.column)).unwrap_or(usize::MAX));
        self.column = column;
        // One cell is one word of the row, also where it has lines.
        self.out.text(&words.replace(['\n', '\t', '\r'], " "))?;
        Ok(true)
    }
}

impl Drop for Rows<'_, '_> {
    fn drop(&mut self) {
        // The pipe's error comes again with the next word.
        let _broken = self.out.row_end();
    }
}

/// A value as a person would write it; none for an empty cell.
fn shown<T: DataType>(value: &T) -> Option<String> {
    let words = if let Some(text) = value.get_string() {
        text.to_owned()
    } else if let Some(time) = value.get_datetime() {
        let days = time.as_f64();
        if time.is_duration() { duration(days) } else { date(days, time.to_ymd_hms_milli()) }
    } else if let Some(iso) = value.get_datetime_iso().or(value.get_duration_iso()) {
        iso.to_owned()
    } else if let Some(number) = value.get_int() {
        number.to_string()
    } else if let Some(float) = value.get_float() {
        number(float)
    } else if let Some(truth) = value.get_bool() {
        if truth { "TRUE".to_owned() } else { "FALSE".to_owned() }
    } else {
        value.get_error()?.to_string()
    };
    Some(words).filter(|words| !words.trim().is_empty())
}

/// A number in the fifteen digits that a sheet shows at most.
fn number(value: f64) -> String {
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    let size = rounded.abs();
    if size != 0.0 && !(1e-9..1e21).contains(&size) { format!("{rounded:e}") } else { rounded.to_string() }
}

fn duration(days: f64) -> String {
    // Saturates; a sheet's times go up to ten thousand years.
    let seconds = (days.abs() * 86_400.0).round() as u64;
    let sign = if days < 0.0 { "-" } else { "" };
    format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn date(days: f64, (year, month, day, hour, minute, second, milli): (u16, u8, u8, u8, u8, u8, u16)) -> String {
    let date = format!("{year:04}-{month:02}-{day:02}");
    // Times are fractions of a day, and come a millisecond early or late.
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    let midnight = (hour, minute, second) == (0, 0, 0) && milli < 10;
    match (days < 1.0, midnight) {
        (true, _) => time,
        (false, true) => date,
        (false, false) => format!("{date} {time}"),
    }
}

/// Whether the table of words claims to have more than it has room for: calamine makes room for as many at once.
pub fn lies_of_its_words(package: &mut Package<'_>) -> bool {
    struct First(Option<usize>);
    impl Handler for First {
        fn start(&mut self, _: &str, element: &Element<'_>) -> Result<Go, Failure> {
            self.0 = element.number("uniqueCount");
            // That was all that is wanted.
            Err(Failure::Unsupported("more"))
        }
        fn end(&mut self, _: &str) -> Result<(), Failure> {
            Ok(())
        }
        fn text(&mut self, _: &str) -> Result<(), Failure> {
            Ok(())
        }
    }
    const NAME: &str = "xl/sharedStrings.xml";
    let mut first = First(None);
    if let Ok(Some(stream)) = package.stream(NAME) {
        let _stopped = xml::read(stream, &mut first);
    }
    let Some(count) = first.0 else { return false };
    // `<si/>` is the least that a word takes.
    package.size(NAME).is_none_or(|bytes| count as u64 > bytes / 5)
}

/// The cells of the rectangles that the sheets of a BIFF stream span. A record is `type: u16, length: u16` and its
/// bytes (MS-XLS 2.1.4).
fn area(book: &[u8]) -> Result<u64, Failure> {
    const BEGINNING: u16 = 0x0809;
    const FILE_PASS: u16 = 0x002f;
    /// Formula, Number, Label, Blank, BoolErr, RString, LabelSst, RK; and those of several cells: MulRk, MulBlank.
    const CELLS: &[u16] = &[0x0006, 0x0203, 0x0204, 0x0201, 0x0205, 0x00d6, 0x00fd, 0x027e, 0x00bd, 0x00be];
    let word = |at: usize| book.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]));
    let mut area = 0_u64;
    let mut bounds: Option<[u16; 4]> = None;
    let rectangle = |bounds: Option<[u16; 4]>| {
        bounds.map_or(0, |[top, left, bottom, right]| (u64::from(bottom - top) + 1) * (u64::from(right - left) + 1))
    };
    let mut at = 0;
    while let (Some(kind), Some(length)) = (word(at), word(at + 2)) {
        let body = at + 4;
        if kind == FILE_PASS && word(body).is_none_or(|method| method != 0 || length > 2) {
            return Err(Failure::Password);
        }
        if kind == BEGINNING {
            area += rectangle(bounds.take());
        } else if CELLS.contains(&kind)
            && let (Some(row), Some(column)) = (word(body), word(body + 2))
        {
            let several = (kind == 0x00bd || kind == 0x00be) && length > 6;
            let last = if several { word(body + usize::from(length) - 2).unwrap_or(column) } else { column };
            let [top, left, bottom, right] = bounds.unwrap_or([row, column, row, column]);
            bounds = Some([top.min(row), left.min(column).min(last), bottom.max(row), right.max(column).max(last)]);
        }
        at = body + usize::from(length);
    }
    Ok(area + rectangle(bounds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{CellErrorType, Data, DataRef, ExcelDateTime, ExcelDateTimeType};

    fn time(days: f64, kind: ExcelDateTimeType) -> Data {
        Data::DateTime(ExcelDateTime::new(days, kind, false))
    }

    #[test]
    fn values_are_shown_as_people_write_them() {
        use ExcelDateTimeType::{DateTime, TimeDelta};
        for (value, words) in [
            (Data::Float(0.1 + 0.2), "0.3"),
            (Data::Float(-1234.5), "-1234.5"),
            (Data::Float(1e15), "1000000000000000"),
            (Data::Float(1.5e300), "1.5e300"),
            (Data::Float(0.0), "0"),
            (Data::Int(-7), "-7"),
            (Data::Bool(true), "TRUE"),
            (Data::Error(CellErrorType::Div0), "#DIV/0!"),
            (time(45_352.0, DateTime), "2024-03-01"),
            (time(45_352.604_166_666_664, DateTime), "2024-03-01 14:30:00"),
            (time(0.385_416_666_666_666_7, DateTime), "09:15:00"),
            (time(1.25, TimeDelta), "30:00:00"),
            (time(f64::NAN, TimeDelta), "0:00:00"),
        ] {
            assert_eq!(shown(&value).as_deref(), Some(words), "{value:?}");
        }
        assert_eq!(shown(&Data::Empty), None);
        assert_eq!(shown(&DataRef::SharedString(" ")), None);
    }

    fn record(kind: u16, body: &[u8]) -> Vec<u8> {
        [&kind.to_le_bytes()[..], &(body.len() as u16).to_le_bytes(), body].concat()
    }

    #[test]
    fn sheets_are_measured_before_they_are_laid_out() {
        let sheet = |cells: &[[u16; 2]]| {
            let cells = cells.iter().map(|[row, column]| {
                record(0x0203, &[&row.to_le_bytes()[..], &column.to_le_bytes(), &[0; 10]].concat())
            });
            [record(0x0809, &[0; 16]), cells.collect::<Vec<_>>().concat(), record(0x000a, &[])].concat()
        };
        let book = [sheet(&[]), sheet(&[[0, 0], [9, 4]]), sheet(&[[65535, 255]])].concat();
        assert_eq!(area(&book).ok(), Some(51));
        assert_eq!(area(&sheet(&[[0, 0], [65535, 255]])).ok(), Some(65536 * 256));
        assert!(matches!(area(&record(0x2f, &[1, 0, 1, 0])), Err(Failure::Password)));
        assert_eq!(area(&[0xff; 3]).ok(), Some(0));
        assert_eq!(area(&[0xff; 100]).ok(), Some(0));
    }
}
