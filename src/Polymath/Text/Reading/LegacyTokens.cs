using Polymath.Text.Added;
using Polymath.Text.Models;

namespace Polymath.Text.Reading;

/// <summary>The added tokens of a folder without tokenizer.json: those listed with ids, and the special ones that the vocabulary has.</summary>
internal static class LegacyTokens
{
    internal static List<AddedToken> Collect(SideFiles side, Vocabulary vocabulary, IReadOnlyDictionary<string, string> usual)
    {
        var tokens = new List<AddedToken>();
        foreach (var token in side.Added.Where(t => t.Content.Length > 0)) Put(token);
        foreach (var role in SideFiles.Roles)
        {
            var token = side.SpecialToken(role) ?? (usual.TryGetValue(role, out var name) ? new AddedToken(name, 0) : null);
            if (token is null || token.Content.Length == 0) continue;
            if (tokens.FindIndex(t => t.Content == token.Content) is >= 0 and var known) tokens[known] = tokens[known] with { Special = true };
            else if (vocabulary.IdOf(token.Content) is >= 0 and var id) tokens.Add(token with { Id = id, Special = true });
        }
        return tokens;

        void Put(AddedToken token)
        {
            if (vocabulary.IdOf(token.Content) is >= 0 and var id) token = token with { Id = id };
            if (tokens.FindIndex(t => t.Content == token.Content) is >= 0 and var known) tokens[known] = token;
            else tokens.Add(token);
        }
    }
}
