using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Polymath.Features;

namespace Polymath.Tests;

public class FeatureStoreContentKeyTests
{
    [Fact]
    public void A_key_is_the_first_half_of_a_sha_256()
    {
        var content = Encoding.UTF8.GetBytes("content");
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content))[..32], ContentKey.Of(content).ToString());
    }

    [Fact]
    public void Where_a_text_ends_and_its_pair_begins_matters()
    {
        ContentKey[] keys =
        [
            ContentKey.Of("ab"), ContentKey.Of("ab", ""), ContentKey.Of("a", "b"), ContentKey.Of("", "ab"), ContentKey.Of(""), ContentKey.Of("", ""),
            ContentKey.Of("ab "), ContentKey.Of("Ab"), ContentKey.Of("\ud800"), ContentKey.Of("\ud801"), ContentKey.Of("\ufffd"),
        ];
        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public void Equal_pairs_have_equal_keys_and_different_pairs_different_ones() =>
        Gen.Select(Gen.String[0, 600], Gen.String[0, 3], Gen.String[0, 600], Gen.String[0, 3]).Sample((a, b, c, d) =>
            ContentKey.Of(a, b) == ContentKey.Of(new string(a), new string(b)) && (ContentKey.Of(a, b) == ContentKey.Of(c, d)) == ((a, b) == (c, d)));
}
