using Polymath.Text.Added;

namespace Polymath.Text;

/// <summary>Collects the tokens of one text.</summary>
internal sealed class TokenList
{
    private readonly List<int> _ids = [];
    private readonly List<TextSpan> _offsets = [];
    private Dictionary<int, string>? _texts;

    internal void Add(int id, TextSpan offset)
    {
        _ids.Add(id);
        _offsets.Add(offset);
    }

    /// <summary>Adds a token of the model that is not shown as the vocabulary spells it.</summary>
    internal void Add(int id, TextSpan offset, ReadOnlySpan<char> text)
    {
        (_texts ??= [])[_ids.Count] = text.ToString();
        Add(id, offset);
    }

    /// <summary>Adds a token that was found by its spelling; one that swallowed white space shows it.</summary>
    internal void Add(AddedToken token, TextSpan offset, ReadOnlySpan<char> matched)
    {
        if (!matched.SequenceEqual(token.Content)) (_texts ??= [])[_ids.Count] = matched.ToString();
        Add(token.Id, offset);
    }

    internal Encoding ToEncoding(Tokenizer tokenizer)
    {
        string?[]? texts = null;
        if (_texts is not null)
        {
            texts = new string?[_ids.Count];
            foreach (var (index, text) in _texts) texts[index] = text;
        }
        return new Encoding(tokenizer, [.. _ids], [.. _offsets], texts);
    }
}
