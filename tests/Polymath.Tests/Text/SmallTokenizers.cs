using System.Text.Json.Nodes;
using Polymath.Text;

namespace Polymath.Tests;

/// <summary>Tokenizers small enough to read, put together part by part.</summary>
internal static class SmallTokenizers
{
    /// <summary>A WordPiece tokenizer with every kind of part in it.</summary>
    public const string WordPiece = """
        {"version":"1.0","truncation":{"max_length":12,"strategy":"LongestFirst","stride":1,"direction":"Right"},
        "padding":{"strategy":{"Fixed":8},"direction":"Right","pad_to_multiple_of":4,"pad_id":0,"pad_type_id":0,"pad_token":"[PAD]"},
        "added_tokens":[{"id":0,"content":"[PAD]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
        {"id":4,"content":"[MASK]","single_word":false,"lstrip":true,"rstrip":false,"normalized":false,"special":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
        {"type":"Replace","pattern":{"Regex":"x{2,}"},"content":"x"}]},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"BertPreTokenizer"},{"type":"Digits","individual_digits":true}]},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],
        "pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}},{"Sequence":{"id":"B","type_id":1}},{"SpecialToken":{"id":"[SEP]","type_id":1}}],
        "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}},
        "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
        "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
        "vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"[MASK]":4,"a":5,"b":6,"##a":7,"##b":8,"ab":9,".":10,"x":11,"1":12}}}
        """;

    /// <summary>A byte-pair tokenizer with a split, byte fallback and a chain of decoders.</summary>
    public const string Bpe = """
        {"added_tokens":[{"id":0,"content":"<unk>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
        {"id":1,"content":"<s>","single_word":true,"lstrip":false,"rstrip":true,"normalized":true,"special":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},
        "pre_tokenizer":{"type":"Split","pattern":{"Regex":"\\p{L}+|\\s+(?!\\S)"},"behavior":"MergedWithPrevious","invert":false},
        "post_processor":{"type":"Sequence","processors":[{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
        {"type":"RobertaProcessing","sep":["<s>",1],"cls":["<s>",1],"trim_offsets":true,"add_prefix_space":false}]},
        "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
        "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,"ignore_merges":false,
        "vocab":{"<unk>":0,"<s>":1,"a":2,"b":3,"ab":4,"▁":5,"▁a":6,"aba":7,"<0x0A>":8},"merges":["a b",["▁","a"],"ab a"]}}
        """;

    /// <summary>A unigram tokenizer with a character map and sentencepiece's words.</summary>
    public static string Unigram { get; } = $$"""
        {"added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"</s>","special":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"Precompiled","precompiled_charsmap":"{{Convert.ToBase64String(SmallSentencePieces.TinyCharacterMap())}}"},
        {"type":"Strip","strip_left":false,"strip_right":true},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"}]},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}]},
        "post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0} },{"SpecialToken":{"id":"</s>","type_id":0} }],
        "pair":[{"Sequence":{"id":"A","type_id":0} },{"Sequence":{"id":"B","type_id":0} }],"special_tokens":{"</s>":{"id":"</s>","ids":[1],"tokens":["</s>"]} } },
        "decoder":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
        "model":{"type":"Unigram","unk_id":0,"byte_fallback":true,"vocab":[["<unk>",0.0],["</s>",0.0],["▁",-2.5],["a",-3.0],["▁ab",-4.0],["b",-5e0],["<0x0A>",0.0]]} }
        """;

    /// <summary>A WordPiece tokenizer with the given parts in place of the usual ones; words are single letters, "##" pieces and [UNK].</summary>
    public static Tokenizer With(string? normalizer = null, string? preTokenizer = null, string? postProcessor = null, string? decoder = null, string? added = null, string? model = null)
    {
        var json = new JsonObject { ["model"] = JsonNode.Parse(model ?? """{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[UNK]":0}}""") };
        if (normalizer is not null) json["normalizer"] = JsonNode.Parse(normalizer);
        if (preTokenizer is not null) json["pre_tokenizer"] = JsonNode.Parse(preTokenizer);
        if (postProcessor is not null) json["post_processor"] = JsonNode.Parse(postProcessor);
        if (decoder is not null) json["decoder"] = JsonNode.Parse(decoder);
        if (added is not null) json["added_tokens"] = JsonNode.Parse(added);
        return Tokenizer.FromJson(json.ToJsonString(), "test.json");
    }
}
