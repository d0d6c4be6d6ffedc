use proptest::prelude::*;

use super::*;

const CHAT: Node = Node::scope(&[("name", &Node::head(1)), ("messages", &Node::ITEMS)]);
const CHATS: Node = Node::ITEMS.or_list_of(&CHAT);
const ROOT: Node = Node::scope(&[
    ("name", &Node::head(1)),
    ("messages", &Node::ITEMS),
    ("chats", &Node::object(&[("list", &CHATS)])),
])
.or_list_of(&Node::ITEM);

/// Gives its bytes in pieces, as a pipe may.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(out.len()).min(self.0.len());
        out[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn walked(text: &[u8], layout: Layout, piece: usize) -> Vec<String> {
    let mut walk = Walk::new(Pieces(text, piece), &ROOT, layout, Rows::Given);
    let mut out = Vec::new();
    loop {
        match walk.next() {
            Ok(Sight::End) => return out,
            Ok(Sight::Scope) => out.push("scope".to_owned()),
            Ok(Sight::Head(_)) => out.push(String::from_utf8_lossy(walk.bytes()).into_owned()),
            Ok(Sight::Item) => out.push(format!(
                "{} {} {}",
                walk.given_line(),
                walk.place(),
                String::from_utf8_lossy(walk.bytes())
            )),
            Ok(Sight::Bad(words)) => out.push(format!("{} {words}", walk.given_line())),
            Err(e) => {
                out.push(e.to_string());
                return out;
            }
        }
    }
}

#[test]
fn rows_and_heads_are_cut_out_wherever_they_stand() {
    let text = br#"{"x":{"messages":[1]},"messages":[
 {"a":"]}\"\\"}, 2
],"name":"n","chats":{"about":[[]],"list":[{"name":"c","messages":[{}]},{"messages":[]}]}}
[true,{"b":[1]}]"#;
    for piece in [1, 2, 7, 4096] {
        assert_eq!(
            walked(text, Layout::Document, piece),
            [
                "scope",
                r#"2 messages[0] {"a":"]}\"\\"}"#,
                "2 messages[1] 2",
                r#""n""#,
                "scope",
                r#""c""#,
                "3 chats.list[0].messages[0] {}",
                "scope",
                "scope",
                "4 [0] true",
                r#"4 [1] {"b":[1]}"#,
            ]
        );
    }
}

#[test]
fn a_fault_is_one_of_the_file_and_says_where() {
    for (text, words) in [
        (
            r#"{"messages":[{"a":1},"#,
            "line 1, in messages[0]: the JSON ends",
        ),
        (
            r#"{"messages":[{"a":1"#,
            "line 1, in messages[0]: the JSON ends in the middle",
        ),
        (
            r#"{"messages":[{"a":1}}"#,
            "`}` stands where , or ] belongs",
        ),
        (
            r#"{"messages":[{"a":1]]}"#,
            "`]` stands where the other bracket belongs",
        ),
        (r#"{"messages" 3}"#, "`3` stands where a colon belongs"),
        (r#"{messages:[]}"#, "a key in double quotes"),
        ("{\n\"messages\":[\n{\"a\":\"", "line 3, in messages[0]"),
    ] {
        let said = walked(text.as_bytes(), Layout::Document, 5)
            .pop()
            .expect("a fault");
        assert!(said.contains(words), "{text}: {said}");
    }
}

#[test]
fn a_line_that_is_cut_leaves_the_others_alone() {
    let text = b"[1]\n[2,{\"a\":\"x\n[3]\n\n{\"messages\":[4\n[5]";
    assert_eq!(
        walked(text, Layout::Lines, 3),
        [
            "scope",
            "1 [0] 1",
            "scope",
            "2 [0] 2",
            "2 the line ends in the middle of a value; it was cut off",
            "scope",
            "3 [0] 3",
            "scope",
            "5 messages[0] 4",
            "5 the line ends in the middle of a value; it was cut off",
            "scope",
            "6 [0] 5",
        ]
    );
}

#[test]
fn s15_what_is_too_long_or_too_deep_is_passed_over_without_being_kept() {
    let long = format!("[\"{}\",1]", "x\n".repeat(ITEM_LIMIT));
    let mut walk = Walk::new(long.as_bytes(), &ROOT, Layout::Document, Rows::Given);
    assert_eq!(walk.next().expect("a list"), Sight::Scope);
    assert!(matches!(walk.next().expect("a row"), Sight::Bad(w) if w.contains("8 MiB")));
    assert_eq!(walk.next().expect("the next"), Sight::Item);
    assert_eq!(
        (walk.bytes(), walk.given_line()),
        (b"1".as_slice(), ITEM_LIMIT as u64 + 1)
    );
    assert!(walk.buffer.len() <= ITEM_LIMIT * 4, "{}", walk.buffer.len());
    let deep = format!("[{}{},1]", "[".repeat(65), "]".repeat(65));
    assert_eq!(
        walked(deep.as_bytes(), Layout::Document, 9)[1..],
        [
            "1 [0] the JSON is nested more than 64 deep; such a message is not read"
                .replace("1 [0] ", "1 "),
            "1 [1] 1".to_owned()
        ]
    );
    let endless = "[".repeat(1 << 20);
    let said = walked(endless.as_bytes(), Layout::Document, 4096)
        .pop()
        .expect("a fault");
    assert!(said.contains("cut off"), "{said}");
}

proptest! {
    #[test]
    fn rows_are_those_of_serde_json(values in prop::collection::vec(json(), 0..6), piece in 1usize..9) {
        let text = serde_json::to_string(&serde_json::json!({ "messages": values })).expect("JSON");
        let rows = walked(text.as_bytes(), Layout::Document, piece);
        let wanted: Vec<_> = std::iter::once("scope".to_owned())
            .chain(values.iter().enumerate().map(|(n, v)| format!("1 messages[{n}] {v}")))
            .collect();
        prop_assert_eq!(rows, wanted);
    }

    #[test]
    fn any_bytes_are_walked_to_an_end(bytes: Vec<u8>, lines: bool) {
        let layout = if lines { Layout::Lines } else { Layout::Document };
        walked(&bytes, layout, 3);
    }

    #[test]
    fn anything_like_json_is_walked_to_an_end(text in r#"[\[\]{}",:\\ \n1a]{0,40}"#, lines: bool) {
        let layout = if lines { Layout::Lines } else { Layout::Document };
        walked(text.as_bytes(), layout, 3);
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<i32>().prop_map(Into::into),
        "\\PC{0,6}".prop_map(Into::into),
        "[\"\\\\\\n{}\\[\\]]{0,4}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..3)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}
