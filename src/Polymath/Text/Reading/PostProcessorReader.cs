using Polymath.Text.Models;
using Polymath.Text.PostProcessors;

namespace Polymath.Text.Reading;

/// <summary>Reads tokenizer.json's post_processor.</summary>
internal static class PostProcessorReader
{
    internal static PostProcessor? Read(JsonPart part)
    {
        var steps = Steps(part).ToList();
        if (steps.OfType<TemplateProcessing>().Count() > 1) throw part.Wrong("at most one template of special tokens");
        return steps.Count switch { 0 => null, 1 => steps[0], _ => new PostProcessorSequence(steps) };
    }

    /// <summary>[CLS] A [SEP] and [CLS] A [SEP] B [SEP].</summary>
    internal static TemplateProcessing Bert(int cls, int sep) => new(
        [Special(cls, 0), Text(0, 0), Special(sep, 0)],
        [Special(cls, 0), Text(0, 0), Special(sep, 0), Text(1, 1), Special(sep, 1)],
        overflowKeepsTypes: true);

    /// <summary>&lt;s&gt; A &lt;/s&gt; and &lt;s&gt; A &lt;/s&gt;&lt;/s&gt; B &lt;/s&gt;, all of one type.</summary>
    internal static TemplateProcessing Roberta(int cls, int sep, bool overflowKeepsTypes = false) => new(
        [Special(cls, 0), Text(0, 0), Special(sep, 0)],
        [Special(cls, 0), Text(0, 0), Special(sep, 0), Special(sep, 0), Text(1, 0), Special(sep, 0)],
        overflowKeepsTypes);

    /// <summary>A &lt;/s&gt; and A &lt;/s&gt; B &lt;/s&gt;, all of one type (T5).</summary>
    internal static TemplateProcessing T5(int eos) => new(
        [Text(0, 0), Special(eos, 0)],
        [Text(0, 0), Special(eos, 0), Text(1, 0), Special(eos, 0)],
        overflowKeepsTypes: true);

    /// <summary>&lt;s&gt; A and &lt;s&gt; A &lt;s&gt; B, as Llama has it; either token, before or behind each text, may be left out.</summary>
    internal static TemplateProcessing? Around(int? bos, int? eos)
    {
        if (bos is null && eos is null) return null;
        List<TemplatePiece> Layout(int sequence) => [.. Optional(bos, sequence), Text(sequence, sequence), .. Optional(eos, sequence)];
        return new TemplateProcessing(Layout(0), [.. Layout(0), .. Layout(1)], overflowKeepsTypes: true);

        static TemplatePiece[] Optional(int? id, int type) => id is { } token ? [Special(token, type)] : [];
    }

    private static IEnumerable<PostProcessor> Steps(JsonPart part)
    {
        switch (part.String("type"))
        {
            case "Sequence":
                foreach (var step in part.Get("processors").Items().SelectMany(Steps)) yield return step;
                break;
            case "ByteLevel":
                if (part.Bool("trim_offsets", true)) yield return new TrimOffsets(part.Bool("add_prefix_space", true));
                break;
            case "RobertaProcessing":
                if (part.Bool("trim_offsets", true)) yield return new TrimOffsets(part.Bool("add_prefix_space", true));
                yield return Roberta(Id(part.Get("cls")), Id(part.Get("sep")));
                break;
            case "BertProcessing":
                yield return Bert(Id(part.Get("cls")), Id(part.Get("sep")));
                break;
            case "TemplateProcessing":
                yield return Template(part);
                break;
            case var type:
                throw part.Unknown("post-processor", type, "Sequence, ByteLevel, RobertaProcessing, BertProcessing, TemplateProcessing");
        }
    }

    private static TemplateProcessing Template(JsonPart part)
    {
        var special = part.Find("special_tokens") is { } tokens
            ? tokens.Members().Select(m => (m.Name, Ids: m.Value.Get("ids").Items().Select(TokenId).ToArray())).GroupBy(m => m.Name).ToDictionary(g => g.Key, g => g.Last().Ids)
            : [];
        var single = Layout(part.Get("single"), special);
        var pair = Layout(part.Get("pair"), special);
        if (!Texts(single).SequenceEqual([0])) throw part.Get("single").Wrong("a template with text A once");
        if (!Texts(pair).Order().SequenceEqual([0, 1])) throw part.Get("pair").Wrong("a template with each text, A and B, once");
        return new TemplateProcessing(single, pair, overflowKeepsTypes: true);
    }

    private static IEnumerable<int> Texts(List<TemplatePiece> layout) => layout.Where(p => p.Sequence is not null).Select(p => p.Sequence!.Value);

    private static List<TemplatePiece> Layout(JsonPart pieces, Dictionary<string, int[]> special)
    {
        var layout = new List<TemplatePiece>();
        foreach (var piece in pieces.Items())
        {
            if (piece.Find("Sequence") is { } sequence)
            {
                var which = sequence.String("id") switch { "A" => 0, "B" => 1, _ => throw sequence.Wrong("A or B as id") };
                layout.Add(Text(which, sequence.Get("type_id").AsInt()));
            }
            else
            {
                var token = piece.Get("SpecialToken");
                if (!special.TryGetValue(token.String("id"), out var ids)) throw token.Wrong("an id that special_tokens has");
                layout.Add(new TemplatePiece(null, ids, token.Get("type_id").AsInt()));
            }
        }
        return layout;
    }

    private static TemplatePiece Text(int sequence, int type) => new(sequence, [], type);

    private static TemplatePiece Special(int id, int type) => new(null, [id], type);

    /// <summary>The id of ["&lt;s&gt;", 0].</summary>
    private static int Id(JsonPart pair) => pair.Items().ToList() is [_, var id] ? TokenId(id) : throw pair.Wrong("a token and its id");

    private static int TokenId(JsonPart part) => part.AsInt(0, Vocabulary.LargestId);
}
