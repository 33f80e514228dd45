using System.Security.Cryptography;
using Polymath.Vision;

namespace Polymath.Tests;

public class ShapeImagesTests
{
    /// <summary>The bytes of a seed are the same on every platform and in every version: data sets are named by their seed.</summary>
    [Fact]
    public void A_seed_gives_the_same_bytes_everywhere()
    {
        var images = ShapeImages.Create(200, seed: 7);
        Assert.Equal("5a15afef47c27a08a7a8739cbfcda84f56193ee98c962f484263c98c9147fd11", Convert.ToHexStringLower(SHA256.HashData([.. images.Pixels, .. images.Labels.Select(label => (byte)label)])));
        Assert.Equal(images.Pixels, ShapeImages.Create(200, seed: 7).Pixels);
        Assert.NotEqual(images.Pixels, ShapeImages.Create(200, seed: 8).Pixels);
    }

    [Fact]
    public void Classes_are_equally_frequent_and_images_have_the_size_that_was_asked_for()
    {
        var images = ShapeImages.Create(57, seed: 1, size: 20);
        Assert.Equal(57 * 20 * 20, images.Pixels.Length);
        Assert.Equal((57, 20, 400), (images.Count, images.Size, images.Image(56).Length));
        Assert.Equal(10, ShapeImages.ClassNames.Distinct().Count());
        Assert.All(Enumerable.Range(0, 10), k => Assert.InRange(images.Labels.Count(label => label == k), 5, 6));
        Assert.NotEqual(Enumerable.Range(0, 57).Select(i => i % 10), images.Labels);
        Assert.Throws<ArgumentOutOfRangeException>(() => ShapeImages.Create(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ShapeImages.Create(1, 1, size: 7));
    }

    /// <summary>Every image shows its shape: what differs from the paper, and no image looks like another.</summary>
    [Fact]
    public void Every_image_shows_something()
    {
        var images = ShapeImages.Create(300, seed: 3);
        for (var i = 0; i < images.Count; i++)
        {
            var sorted = images.Image(i).ToArray();
            Array.Sort(sorted);
            Assert.True(sorted[^30] - sorted[30] > 40, $"image {i} ({ShapeImages.ClassNames[images.Labels[i]]}) is empty");
        }
        Assert.Equal(300, Enumerable.Range(0, 300).Select(i => Convert.ToHexString(images.Image(i))).Distinct().Count());
    }

    /// <summary>The nearest neighbours by pixels find the class far more often than chance, and yet leave something to learn.</summary>
    [Fact]
    public void Classes_differ_but_pixels_alone_do_not_tell_them_apart()
    {
        ShapeImages known = ShapeImages.Create(3000, seed: 11), asked = ShapeImages.Create(300, seed: 12);
        float[][] references = [.. Enumerable.Range(0, known.Count).Select(i => Centred(known, i))];
        var right = 0;
        for (var i = 0; i < asked.Count; i++)
        {
            var image = Centred(asked, i);
            var votes = references.Select((reference, at) => (Likeness: Math.Abs(System.Numerics.Tensors.TensorPrimitives.Dot<float>(image, reference)), Label: known.Labels[at]))
                .OrderByDescending(vote => vote.Likeness).Take(5).GroupBy(vote => vote.Label).OrderByDescending(group => group.Count()).ThenByDescending(group => group.Max(vote => vote.Likeness));
            if (votes.First().Key == asked.Labels[i]) right++;
        }
        Assert.InRange((double)right / asked.Count, 0.3, 0.9);
    }

    /// <summary>Mean 0, length 1; light on dark and dark on light then differ in sign only.</summary>
    private static float[] Centred(ShapeImages images, int index)
    {
        float[] values = [.. images.Image(index).ToArray().Select(value => (float)value)];
        var mean = values.Average();
        var length = MathF.Sqrt(values.Sum(value => (value - mean) * (value - mean)));
        return [.. values.Select(value => (value - mean) / length)];
    }
}
